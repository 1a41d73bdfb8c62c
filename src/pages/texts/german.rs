//! The words of the pages in German.
//! Must not import anything but the shape of the catalogue.

use super::{
    AccountTexts, Common, ConsentTexts, ErrorText, ErrorTexts, GoOnTexts, NoticeTexts,
    PasswordTexts, SignInTexts, SignOutTexts, Texts, WhenTexts, around,
};

/// German.
pub const GERMAN: Texts = Texts {
    tag: "de",
    direction: "ltr",
    common: Common {
        error: "Fehler",
        help: "Hilfe",
        new_tab: "öffnet sich in einem neuen Tab",
        unnamed: "Eine Anwendung",
    },
    sign_in: SignInTexts {
        title: "Anmelden",
        again_title: "Bitte bestätigen Sie, dass Sie es sind",
        to: around("Weiter zu {}"),
        again_to: around("Geben Sie Ihr Passwort noch einmal ein. Danach geht es weiter zu {}."),
        to_account: "Weiter zu Ihrem Konto",
        username: "Benutzername",
        password: "Passwort",
        submit: "Anmelden",
        wrong: "Benutzername oder Passwort stimmt nicht. Bitte prüfen Sie beides und versuchen \
                Sie es noch einmal. Wenn Sie Ihr Passwort vergessen haben, wenden Sie sich an den \
                Betreiber dieses Dienstes.",
        missing: "Bitte geben Sie Benutzername und Passwort ein.",
        wait: "Das waren zu viele Versuche. Bitte warten Sie eine Minute und versuchen Sie es \
               dann noch einmal.",
        expired: "Die Seite war zu lange geöffnet, oder Ihr Browser speichert keine Cookies. \
                  Bitte melden Sie sich noch einmal an.",
        unavailable: "Die Anmeldung hat gerade nicht geklappt. Bitte versuchen Sie es noch einmal.",
    },
    consent: ConsentTexts {
        title: "Zugriff erlauben",
        asks: around("{} möchte auf Ihr Konto zugreifen"),
        signed_in_as: "Angemeldet als",
        switch: "Konto wechseln",
        will: "Wenn Sie den Zugriff erlauben, kann die Anwendung:",
        nothing: "Die Anwendung möchte nur, dass Sie sich mit diesem Konto anmelden.",
        at: around("bei {}"),
        uses: around("{} in Ihrem Namen nutzen"),
        back_to_host: around("Danach werden Sie zu {} weitergeleitet."),
        back_to_app: around(
            "Danach geht es zurück zur App auf diesem Gerät ({}). Erlauben Sie den Zugriff nur, wenn \
             Sie den Vorgang dort selbst begonnen haben.",
        ),
        back_to_device: "Danach geht es zurück zu einem Programm auf diesem Gerät. Erlauben Sie den \
                         Zugriff nur, wenn Sie den Vorgang dort selbst begonnen haben.",
        website: "Website",
        policy: "Datenschutzerklärung",
        terms: "Nutzungsbedingungen",
        about: around("Über {}"),
        withdraw: around("Sie können den Zugriff jederzeit in {} widerrufen."),
        account: "Ihrem Konto",
        allow: "Erlauben",
        deny: "Ablehnen",
    },
    scopes: &[
        ("openid", "Sie wiedererkennen, wenn Sie zurückkommen"),
        ("profile", "Ihren Namen, Ihr Bild und weitere Angaben Ihres Profils sehen"),
        ("email", "Ihre E-Mail-Adresse sehen"),
        ("address", "Ihre Postanschrift sehen"),
        ("phone", "Ihre Telefonnummer sehen"),
        (
            "offline_access",
            "Diesen Zugriff behalten, auch wenn Sie sich hier abmelden, bis Sie ihn widerrufen",
        ),
    ],
    account: AccountTexts {
        title: "Ihr Konto",
        signed_in_as: around("Angemeldet als {}"),
        sign_out: "Abmelden",
        profile: "Profil",
        profile_about: "Diese Angaben verwaltet der Betreiber dieses Dienstes. Bitte wenden Sie sich \
                        an ihn, wenn etwas geändert werden soll.",
        verified: "bestätigt",
        browsers: "Wo Sie angemeldet sind",
        browsers_about: "Browser, in denen Sie angemeldet sind. Melden Sie ab, was Sie nicht \
                         kennen.",
        then_password: "Ändern Sie danach Ihr Passwort",
        device: around(" auf {}"),
        unknown_device: "Unbekanntes Gerät",
        current: "Dieser Browser",
        address: around("IP-Adresse {}"),
        first_seen: around("Angemeldet am {}"),
        last_seen: around("Zuletzt aktiv: {}"),
        end_others: "In allen anderen Browsern abmelden",
        applications: "Angemeldete Anwendungen",
        applications_about: "Anwendungen, die gerade mit Ihrem Konto angemeldet sind. Eine Anwendung, \
                             die Sie abmelden, kann sich ohne Rückfrage wieder anmelden. Steht \
                             sie auch unten, können Sie dort ihren Zugriff widerrufen.",
        no_applications: "Zurzeit ist keine Anwendung angemeldet.",
        offline: "Behält den Zugriff, auch wenn Sie sich abmelden",
        consents: "Erlaubte Zugriffe",
        consents_about: "Was Sie Anwendungen erlaubt haben. Wenn Sie einen Zugriff widerrufen, wird \
                         die Anwendung abgemeldet und muss Sie erneut fragen.",
        no_consents: "Sie haben noch keiner Anwendung etwas erlaubt.",
        more: around("Es gibt mehr: Hier stehen die {} zuletzt genutzten."),
        since: around("Erlaubt am {}"),
        withdraw: "Zugriff widerrufen",
    },
    password: PasswordTexts {
        title: "Passwort",
        about: "Wenn Sie es ändern, werden Sie überall sonst abgemeldet, auch in allen Anwendungen.",
        current: "Aktuelles Passwort",
        new: "Neues Passwort",
        hint: around("Mindestens {} Zeichen. Gut sind einige Wörter ohne Zusammenhang."),
        repeat: "Neues Passwort wiederholen",
        submit: "Passwort ändern",
        wrong: "Das aktuelle Passwort stimmt nicht.",
        differ: "Die beiden neuen Passwörter stimmen nicht überein.",
        short: around("Das neue Passwort ist zu kurz. Bitte verwenden Sie mindestens {} Zeichen."),
        long: "Das neue Passwort ist zu lang.",
        characters: "Das neue Passwort enthält ein Zeichen, das nicht verwendet werden kann.",
        common: "Dieses Passwort ist zu leicht zu erraten. Bitte wählen Sie ein anderes.",
        same: "Das neue Passwort ist Ihr bisheriges.",
        managed: "Ihr Passwort legt der Betreiber dieses Dienstes fest. Bitte wenden Sie sich an ihn, \
                  wenn es geändert werden soll.",
    },
    notices: NoticeTexts {
        password: "Ihr Passwort wurde geändert. Überall sonst sind Sie jetzt abgemeldet, auch in allen \
                   Anwendungen.",
        session: "Der Browser wurde abgemeldet.",
        others: "In allen anderen Browsern sind Sie jetzt abgemeldet.",
        application: "Die Anwendung wurde abgemeldet.",
        consent: "Der Zugriff wurde widerrufen.",
        gone: "Das war schon erledigt.",
        expired: "Die Seite war zu lange geöffnet. Es wurde nichts geändert; bitte versuchen Sie \
                  es noch einmal.",
        unavailable: "Das hat gerade nicht geklappt. Es wurde nichts geändert; bitte versuchen \
                      Sie es noch einmal.",
    },
    claims: &[
        ("name", "Name"),
        ("given_name", "Vorname"),
        ("middle_name", "Weiterer Vorname"),
        ("family_name", "Nachname"),
        ("nickname", "Spitzname"),
        ("preferred_username", "Bevorzugter Benutzername"),
        ("username", "Benutzername"),
        ("email", "E-Mail"),
        ("phone_number", "Telefon"),
        ("address", "Anschrift"),
        ("gender", "Geschlecht"),
        ("birthdate", "Geburtsdatum"),
        ("zoneinfo", "Zeitzone"),
        ("locale", "Sprache"),
        ("website", "Website"),
        ("profile", "Profilseite"),
        ("picture", "Bild"),
    ],
    errors: ErrorTexts {
        request: ErrorText {
            title: "Diese Anfrage ist nicht möglich",
            about: "Die Anwendung hat eine ungültige Anfrage gestellt. Gehen Sie zu ihr zurück und \
                    versuchen Sie es noch einmal. Hilft das nicht, wenden Sie sich an die \
                    Betreiber der Anwendung und nennen Sie ihnen die Angaben unten.",
        },
        application: ErrorText {
            title: "Unbekannte Anwendung",
            about: "Die Anwendung, von der Sie kommen, ist bei uns nicht registriert oder zurzeit \
                    gesperrt. Bitte wenden Sie sich an ihre Betreiber und nennen Sie ihnen die \
                    Angaben unten. Sie können diese Seite schließen.",
        },
        redirect: ErrorText {
            title: "Wir können Sie nicht zurückleiten",
            about: "Die Anwendung wollte Sie zu einer Adresse schicken, die sie nicht registriert \
                    hat. Zu Ihrer Sicherheit endet der Vorgang hier. Bitte wenden Sie sich an die \
                    Betreiber der Anwendung und nennen Sie ihnen die Angaben unten. Sie können \
                    diese Seite schließen.",
        },
        expired: ErrorText {
            title: "Das hat zu lange gedauert",
            about: "Die Anmeldung wurde nicht rechtzeitig abgeschlossen. Bitte gehen Sie zur \
                    Anwendung zurück und beginnen Sie von vorn.",
        },
        forgery: ErrorText {
            title: "Bitte versuchen Sie es noch einmal",
            about: "Wir konnten nicht sicherstellen, dass die Anfrage von unserer eigenen Seite \
                    kam. Vielleicht war sie zu lange geöffnet, oder Ihr Browser speichert keine \
                    Cookies. Es wurde nichts geändert. Bitte gehen Sie zurück und versuchen Sie es \
                    noch einmal.",
        },
        unavailable: ErrorText {
            title: "Bitte versuchen Sie es noch einmal",
            about: "Bei uns ist etwas schiefgegangen. Es wurde nichts geändert. Bitte warten Sie \
                    einen Moment und versuchen Sie es noch einmal.",
        },
        busy: ErrorText {
            title: "Zu viele Versuche",
            about: "Das waren zu viele Versuche in kurzer Zeit. Bitte warten Sie eine Minute und \
                    versuchen Sie es dann noch einmal.",
        },
        not_found: ErrorText {
            title: "Seite nicht gefunden",
            about: "Unter dieser Adresse gibt es nichts. Bitte prüfen Sie die Adresse oder gehen \
                    Sie zur Anwendung zurück.",
        },
        retry: "Noch einmal versuchen",
        code: "Fehlercode",
        detail: "Einzelheiten",
        from: "Anwendung",
        reference: "Unsere Vorgangsnummer",
    },
    sign_out: SignOutTexts {
        title: "Abmelden?",
        asks: around("{} möchte Sie abmelden."),
        about: around(
            "Sie sind als {} angemeldet. Wenn Sie sich abmelden, gilt das für diesen Browser und \
             für die Anwendungen, bei denen Sie sich darüber angemeldet haben. Anwendungen mit \
             dauerhaftem Zugriff behalten ihn.",
        ),
        about_nobody: "Wenn Sie sich abmelden, gilt das für diesen Browser und für die Anwendungen, \
                       bei denen Sie sich darüber angemeldet haben. Anwendungen mit dauerhaftem \
                       Zugriff behalten ihn.",
        submit: "Abmelden",
        stay: "Angemeldet bleiben",
        done_title: "Sie sind abgemeldet",
        done_about: "Sie sind in diesem Browser abgemeldet. Anwendungen mit dauerhaftem Zugriff \
                     behalten ihn. Sie können diese Seite schließen.",
        back: around("Zurück zu {}"),
        sign_in: "In Ihrem Konto anmelden",
    },
    go_on: GoOnTexts {
        title: "Noch ein Schritt",
        about: around("Sie kehren jetzt zu {} zurück."),
        submit: "Weiter",
        broken: "Die Adresse der Anwendung ist nicht verwendbar. Bitte gehen Sie zurück und \
                 versuchen Sie es noch einmal.",
    },
    when: WhenTexts {
        months: [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
        date: "{d}. {m} {y}",
        now: "gerade eben",
        minutes: around("vor {} Min."),
        hours: around("vor {} Std."),
        yesterday: "gestern",
        days: around("vor {} Tagen"),
    },
};
