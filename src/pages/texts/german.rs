//! The words of the pages in German.
//! Must not import anything but the shape of the catalogue.

use super::{
    AccountTexts, Common, ConsentTexts, ErrorText, ErrorTexts, FormPostTexts, NoticeTexts,
    PasswordTexts, SignInTexts, SignOutTexts, Texts, WhenTexts, around,
};

/// German.
pub const GERMAN: Texts = Texts {
    tag: "de",
    direction: "ltr",
    common: Common {
        error: "Fehler",
        new_tab: "öffnet sich in einem neuen Tab",
        unnamed: "Eine Anwendung",
    },
    sign_in: SignInTexts {
        title: "Anmelden",
        again_title: "Bitte bestätigen Sie, dass Sie es sind",
        to: around("Weiter zu {}"),
        again_to: around("Geben Sie Ihr Passwort noch einmal ein. Danach geht es weiter zu {}."),
        to_account: "um Ihr Konto zu verwalten",
        username: "Benutzername",
        password: "Passwort",
        submit: "Anmelden",
        wrong: "Benutzername oder Passwort stimmt nicht. Bitte prüfen Sie beides und versuchen \
                Sie es noch einmal.",
        missing: "Bitte geben Sie Benutzername und Passwort ein.",
        wait: "Das waren zu viele Versuche. Bitte warten Sie einen Moment und versuchen Sie es \
               dann noch einmal.",
        expired: "Die Seite war zu lange geöffnet, oder Ihr Browser speichert keine Cookies. \
                  Bitte melden Sie sich noch einmal an.",
        unavailable: "Die Anmeldung hat gerade nicht geklappt. Bitte versuchen Sie es noch einmal.",
    },
    consent: ConsentTexts {
        title: "Zugriff erlauben",
        asks: around("{} möchte auf Ihr Konto zugreifen"),
        signed_in_as: "Angemeldet als",
        not_you: "Nicht Ihr Konto?",
        will: "Wenn Sie zustimmen, kann die Anwendung:",
        nothing: "Die Anwendung möchte nur, dass Sie sich mit diesem Konto anmelden.",
        at: around("bei {}"),
        back_to_host: around("Danach werden Sie zu {} weitergeleitet."),
        back_to_app: around("Danach kehren Sie zur App auf diesem Gerät zurück ({})."),
        back_to_device: "Danach kehren Sie zum Programm auf diesem Gerät zurück.",
        website: "Website",
        policy: "Datenschutz",
        terms: "Nutzungsbedingungen",
        about: around("Über {}"),
        withdraw: "Sie können das jederzeit in Ihrem Konto widerrufen.",
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
            "Den Zugriff auch in Ihrer Abwesenheit behalten, bis Sie ihn widerrufen",
        ),
    ],
    account: AccountTexts {
        title: "Ihr Konto",
        signed_in_as: around("Angemeldet als {}"),
        sign_out: "Abmelden",
        profile: "Profil",
        verified: "bestätigt",
        browsers: "Wo Sie angemeldet sind",
        browsers_about: "Browser, in denen Sie angemeldet sind. Beenden Sie Sitzungen, die Sie \
                         nicht kennen, und ändern Sie danach Ihr Passwort.",
        device: around(" auf {}"),
        unknown_device: "Unbekanntes Gerät",
        current: "Dieser Browser",
        address: around("Adresse {}"),
        first_seen: around("Angemeldet am {}"),
        last_seen: around("Zuletzt aktiv {}"),
        end: "Sitzung beenden",
        end_others: "Alle anderen Sitzungen beenden",
        applications: "Angemeldete Anwendungen",
        applications_about: "Anwendungen, die gerade mit Ihrem Konto angemeldet sind.",
        no_applications: "Keine Anwendung ist angemeldet.",
        offline: "Bleibt auch in Ihrer Abwesenheit angemeldet",
        consents: "Erlaubte Anwendungen",
        consents_about: "Was Sie Anwendungen erlaubt haben. Nach einem Widerruf ist die Anwendung \
                         abgemeldet und muss Sie erneut fragen.",
        no_consents: "Sie haben noch keiner Anwendung etwas erlaubt.",
        more: around("Es gibt mehr: Hier stehen die {} zuletzt genutzten."),
        since: around("Erlaubt am {}"),
        withdraw: "Widerrufen",
    },
    password: PasswordTexts {
        title: "Passwort",
        about: "Wenn Sie es ändern, werden Sie überall sonst abgemeldet.",
        current: "Aktuelles Passwort",
        new: "Neues Passwort",
        hint: around(
            "Mindestens {} Zeichen. Gut sind einige Wörter, die nur Sie so \
                      zusammenstellen würden.",
        ),
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
        password: "Ihr Passwort wurde geändert. Überall sonst sind Sie jetzt abgemeldet.",
        session: "Die Sitzung wurde beendet.",
        others: "Alle anderen Sitzungen wurden beendet.",
        application: "Die Anwendung wurde abgemeldet.",
        consent: "Der Zugriff wurde widerrufen.",
        gone: "Das war schon beendet.",
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
                    Betreiber der Anwendung.",
        },
        application: ErrorText {
            title: "Unbekannte Anwendung",
            about: "Die Anwendung, von der Sie kommen, ist bei uns nicht registriert oder zurzeit \
                    gesperrt. Bitte wenden Sie sich an ihre Betreiber.",
        },
        redirect: ErrorText {
            title: "Der Rückweg ist nicht bekannt",
            about: "Die Anwendung wollte Sie zu einer Adresse schicken, die sie nicht registriert \
                    hat. Zu Ihrer Sicherheit endet der Vorgang hier. Bitte wenden Sie sich an die \
                    Betreiber der Anwendung.",
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
            about: "Das waren zu viele Versuche in kurzer Zeit. Bitte warten Sie einen Moment und \
                    versuchen Sie es dann noch einmal.",
        },
        not_found: ErrorText {
            title: "Seite nicht gefunden",
            about: "Unter dieser Adresse gibt es nichts. Bitte prüfen Sie sie, oder gehen Sie zur \
                    Anwendung zurück.",
        },
        retry: "Noch einmal versuchen",
        code: "Fehler",
        detail: "Einzelheiten",
        from: "Anwendung",
        reference: "Vorgangsnummer",
    },
    sign_out: SignOutTexts {
        title: "Abmelden?",
        asks: around("{} möchte Sie abmelden."),
        about: around(
            "Sie sind als {} angemeldet. Mit dem Abmelden endet Ihre Sitzung in diesem \
                       Browser und in den Anwendungen, die Sie damit geöffnet haben.",
        ),
        about_nobody: "Mit dem Abmelden endet Ihre Sitzung in diesem Browser und in den \
                       Anwendungen, die Sie damit geöffnet haben.",
        submit: "Abmelden",
        stay: "Angemeldet bleiben",
        done_title: "Sie sind abgemeldet",
        done_about: "Ihre Sitzung in diesem Browser ist beendet. Sie können diese Seite schließen.",
        back: around("Zurück zu {}"),
        sign_in: "Wieder anmelden",
    },
    form_post: FormPostTexts {
        title: "Noch ein Schritt",
        about: around("Mit „Weiter“ geht es zurück zu {}."),
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
