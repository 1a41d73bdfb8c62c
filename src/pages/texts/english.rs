//! The words of the pages in English.
//! Must not import anything but the shape of the catalogue.

use super::{
    AccountTexts, Common, ConsentTexts, ErrorText, ErrorTexts, GoOnTexts, NoticeTexts,
    PasswordTexts, SignInTexts, SignOutTexts, Texts, WhenTexts, around,
};

/// English.
pub const ENGLISH: Texts = Texts {
    tag: "en",
    direction: "ltr",
    common: Common {
        error: "Error",
        help: "Help",
        new_tab: "opens in a new tab",
        unnamed: "An application",
    },
    sign_in: SignInTexts {
        title: "Sign in",
        again_title: "Confirm it’s you",
        to: around("Continue to {}"),
        again_to: around("Enter your password again to continue to {}."),
        to_account: "Manage your account",
        username: "Username",
        password: "Password",
        submit: "Sign in",
        wrong: "The username or password is not correct. Check both and try again. If you have \
                forgotten your password, ask the operator of this service.",
        missing: "Enter your username and your password.",
        wait: "There were too many attempts. Wait a minute, then try again.",
        expired: "This page was open for too long, or your browser does not keep cookies. \
                  Please sign in again.",
        unavailable: "We could not sign you in just now. Please try again.",
    },
    consent: ConsentTexts {
        title: "Allow access",
        asks: around("{} wants to access your account"),
        signed_in_as: "Signed in as",
        switch: "Use another account",
        will: "If you allow this, it will be able to:",
        nothing: "It asks for nothing but your permission to sign in with this account.",
        at: around("at {}"),
        uses: around("Use {} in your name"),
        back_to_host: around("Next, you will be sent to {}."),
        back_to_app: around(
            "Next, you will go back to the app on this device ({}). Allow this only if you started it \
             there yourself.",
        ),
        back_to_device: "Next, you will go back to a program on this device. Allow this only if you \
                         started it there yourself.",
        website: "Website",
        policy: "Privacy policy",
        terms: "Terms of service",
        about: around("About {}"),
        withdraw: around("You can withdraw access at any time in {}."),
        account: "your account",
        allow: "Allow",
        deny: "Deny",
    },
    scopes: &[
        ("openid", "Recognise you when you come back"),
        ("profile", "See your name, picture and other details of your profile"),
        ("email", "See your email address"),
        ("address", "See your postal address"),
        ("phone", "See your phone number"),
        ("offline_access", "Keep this access, even after you sign out here, until you withdraw it"),
    ],
    account: AccountTexts {
        title: "Your account",
        signed_in_as: around("Signed in as {}"),
        sign_out: "Sign out",
        profile: "Profile",
        profile_about: "The operator of this service keeps these details. Ask them if something \
                        needs to be changed.",
        verified: "verified",
        browsers: "Where you’re signed in",
        browsers_about: "Browsers in which you are signed in. Sign out any that you don’t \
                         recognise.",
        then_password: "Then change your password",
        device: around(" on {}"),
        unknown_device: "Unknown device",
        current: "This browser",
        address: around("IP address {}"),
        first_seen: around("Signed in on {}"),
        last_seen: around("Last seen {}"),
        end_others: "Sign out all other browsers",
        applications: "Signed-in applications",
        applications_about: "Applications that are signed in with your account now. One that you \
                             sign out may sign in again without asking you. If it is listed \
                             below, you can withdraw its access there, too.",
        no_applications: "No application is signed in.",
        offline: "Keeps its access after you sign out",
        consents: "Access you have allowed",
        consents_about: "What you allowed applications to do. If you withdraw access, the \
                         application is signed out and has to ask you again.",
        no_consents: "You have not allowed any application yet.",
        more: around("There are more: these are the {} used last."),
        since: around("Allowed on {}"),
        withdraw: "Withdraw access",
    },
    password: PasswordTexts {
        title: "Password",
        about: "When you change it, you are signed out everywhere else, and so are all applications.",
        current: "Current password",
        new: "New password",
        hint: around("At least {} characters. A few unrelated words work well."),
        repeat: "Repeat the new password",
        submit: "Change password",
        wrong: "The current password is not correct.",
        differ: "The two new passwords are not the same.",
        short: around("The new password is too short. Use at least {} characters."),
        long: "The new password is too long.",
        characters: "The new password contains a character that cannot be used.",
        common: "This password is too easy to guess. Choose another one.",
        same: "The new password is the one you already have.",
        managed: "The operator of this service sets your password. Ask them if it needs \
                  to be changed.",
    },
    notices: NoticeTexts {
        password: "Your password has been changed. You are signed out everywhere else, and so are all \
                   applications.",
        session: "That browser has been signed out.",
        others: "You are signed out in all other browsers.",
        application: "The application has been signed out.",
        consent: "The access has been withdrawn.",
        gone: "That had already been done.",
        expired: "This page was open for too long. Nothing was changed; please try again.",
        unavailable: "That did not work just now. Nothing was changed; please try again.",
    },
    claims: &[
        ("name", "Name"),
        ("given_name", "First name"),
        ("middle_name", "Middle name"),
        ("family_name", "Last name"),
        ("nickname", "Nickname"),
        ("preferred_username", "Preferred username"),
        ("username", "Username"),
        ("email", "Email"),
        ("phone_number", "Phone"),
        ("address", "Address"),
        ("gender", "Gender"),
        ("birthdate", "Date of birth"),
        ("zoneinfo", "Time zone"),
        ("locale", "Language"),
        ("website", "Website"),
        ("profile", "Profile page"),
        ("picture", "Picture"),
    ],
    errors: ErrorTexts {
        request: ErrorText {
            title: "This request cannot be completed",
            about: "The application sent a request that is not valid. Go back to it and try \
                    again. If that does not help, tell the people who run the application, and \
                    give them the details below.",
        },
        application: ErrorText {
            title: "Unknown application",
            about: "The application that sent you here is not registered with us, or it is \
                    switched off at the moment. Tell the people who run it, and give them the \
                    details below. You can close this page.",
        },
        redirect: ErrorText {
            title: "We cannot send you back",
            about: "The application asked to send you to an address that it has not registered. \
                    For your safety we stop here. Tell the people who run the application, and \
                    give them the details below. You can close this page.",
        },
        expired: ErrorText {
            title: "This took too long",
            about: "Signing in was not completed in time. Go back to the application and start \
                    again.",
        },
        forgery: ErrorText {
            title: "Please try again",
            about: "We could not make sure that this came from our own page. It may have been \
                    open for too long, or your browser does not keep cookies. Nothing was \
                    changed. Go back and try again.",
        },
        unavailable: ErrorText {
            title: "Please try again",
            about: "Something went wrong on our side. Nothing was changed. Wait a moment and try \
                    again.",
        },
        busy: ErrorText {
            title: "Too many attempts",
            about: "There were too many attempts in a short time. Wait a minute and try again.",
        },
        not_found: ErrorText {
            title: "Page not found",
            about: "There is nothing at this address. Check it, or go back to the application.",
        },
        retry: "Try again",
        code: "Error code",
        detail: "Details",
        from: "Application",
        reference: "Our reference",
    },
    sign_out: SignOutTexts {
        title: "Sign out?",
        asks: around("{} asks to sign you out."),
        about: around(
            "You are signed in as {}. This signs you out in this browser and in the applications \
             that you signed in to from it. Applications that have lasting access keep it.",
        ),
        about_nobody: "This signs you out in this browser and in the applications that you signed \
                       in to from it. Applications that have lasting access keep it.",
        submit: "Sign out",
        stay: "Stay signed in",
        done_title: "You are signed out",
        done_about: "You are signed out in this browser. Applications that have lasting access keep \
                     it. You can close this page.",
        back: around("Back to {}"),
        sign_in: "Sign in to your account",
    },
    go_on: GoOnTexts {
        title: "One more step",
        about: around("You are going back to {}."),
        submit: "Continue",
        broken: "The application’s address cannot be used. Go back to it and try again.",
    },
    when: WhenTexts {
        months: [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        date: "{d} {m} {y}",
        now: "just now",
        minutes: around("{} min ago"),
        hours: around("{} h ago"),
        yesterday: "yesterday",
        days: around("{} days ago"),
    },
};
