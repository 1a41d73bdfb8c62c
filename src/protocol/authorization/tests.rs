use super::*;

fn collect(query: &str) -> Collected<'_> {
    Collected::parse(query.as_bytes()).unwrap()
}

fn parse(query: &str) -> Result<AuthorizationRequest, Denial> {
    AuthorizationRequest::parse(&collect(query))
}

fn code(query: &str) -> DenialCode {
    parse(query).err().unwrap().code
}

fn registered(texts: &[&str]) -> Vec<RedirectUri> {
    texts.iter().map(|text| RedirectUri::parse(text).unwrap()).collect()
}

const CHALLENGE: &str = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[test]
fn a_whole_request_is_understood() {
    let query = format!(
        "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=s%2B1\
         &scope=openid+read&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example\
         &{CHALLENGE}&code_challenge_method=S256&nonce=n&prompt=login+consent&max_age=60\
         &login_hint=ada&ui_locales=de+en&acr_values=x&display=popup&unknown=1&claims=%7B%7D"
    );
    let params = collect(&query);
    let asker = Asker::parse(&params).unwrap();
    assert_eq!(asker.client.as_str(), "app");
    let uris = registered(&["https://app.example/cb"]);
    assert_eq!(asker.find_redirect_uri(&uris, true).unwrap(), uris[0]);
    let request = AuthorizationRequest::parse(&params).unwrap();
    assert_eq!(request.manner.state.as_deref(), Some("s+1"));
    assert_eq!(request.requested.resources.len(), 2);
    assert!(request.asks_for_openid() && request.check_challenge(true).is_ok());
    assert!(request.prompt.login && request.prompt.consent && !request.prompt.none);
    assert_eq!(request.max_age, Some(Duration::from_mins(1)));
    assert_eq!(request.nonce.as_deref(), Some("n"));
}

#[test]
fn c030_whom_nobody_can_name_is_answered_nowhere() {
    for query in ["", "client_id=", "client_id=a&client_id=a", "client_id=a%22b", "redirect_uri=x"]
    {
        assert!(Asker::parse(&collect(query)).is_err(), "{query}");
    }
    let twice = "client_id=a&redirect_uri=https%3A%2F%2Fa&redirect_uri=https%3A%2F%2Fa";
    assert!(Asker::parse(&collect(twice)).is_err());
}

#[test]
fn c033_a_redirect_uri_is_left_out_only_where_there_is_one_and_no_openid() {
    let params = collect("client_id=app");
    let asker = Asker::parse(&params).unwrap();
    let (one, two) =
        (registered(&["https://a.example/cb"]), registered(&["https://a.example/cb", "app.x:/cb"]));
    assert_eq!(asker.find_redirect_uri(&one, false).unwrap(), one[0]);
    for (uris, openid) in [(&one[..], true), (&two[..], false), (&[][..], false)] {
        assert!(asker.find_redirect_uri(uris, openid).is_err());
    }
}

#[test]
fn c034_what_is_repeated_is_refused_where_the_answer_may_go() {
    for name in ["scope", "state", "code_challenge", "nonce", "response_type"] {
        let query = format!("response_type=code&{name}=a&{name}=a");
        assert_eq!(code(&query), DenialCode::InvalidRequest, "{name}");
    }
    assert_eq!(Manner::of(&collect("state=a&state=b")).state, None, "nobody knows which");
    // A name of PHP's is one that nobody knows.
    assert!(parse("response_type=code&scope[]=a&scope[]=a").is_err());
    assert!(parse("response_type=code&scope[]=a").is_ok());
}

#[test]
fn c035_code_is_the_one_response_type() {
    for text in ["token", "id_token+token", "code+code", "code+id_token", "none", "CODE", ""] {
        let query = format!("response_type={text}");
        assert_eq!(code(&query), DenialCode::UnsupportedResponseType, "{text}");
    }
    assert_eq!(code("client_id=app"), DenialCode::InvalidRequest);
    for mode in ["fragment", "web_message", "evil", "query.jwt"] {
        let query = format!("response_type=code&response_mode={mode}");
        assert_eq!(code(&query), DenialCode::InvalidRequest, "{mode}");
        assert_eq!(Manner::of(&collect(&query)).mode, ResponseMode::Query);
    }
    let by_form = parse("response_type=code&response_mode=form_post").unwrap();
    assert_eq!(by_form.manner.mode, ResponseMode::FormPost);
}

#[test]
fn c038_a_state_is_given_back_to_the_byte_or_refused() {
    let odd = "%3Cscript%3E%0D%0A%00%F0%9F%98%80%22";
    let request = parse(&format!("response_type=code&state={odd}")).unwrap();
    assert_eq!(request.manner.state.as_deref(), Some("<script>\r\n\0\u{1f600}\""));
    let long = "a".repeat(2049);
    let query = format!("response_type=code&state={long}");
    assert_eq!(code(&query), DenialCode::InvalidRequest);
    assert_eq!(Manner::of(&collect(&query)).state, None);
    assert!(parse(&format!("response_type=code&state={}", &long[1..])).is_ok());
}

#[test]
fn c039_prompts_and_ages_are_what_the_specification_names() {
    for text in ["prompt=none+select_account", "prompt=none+consent", "prompt=create", "max_age=-1"]
    {
        assert_eq!(code(&format!("response_type=code&{text}")), DenialCode::InvalidRequest);
    }
    for text in ["max_age=abc", "max_age=1e9", "max_age=%2B5", "max_age=99999999999999999999"] {
        assert_eq!(code(&format!("response_type=code&{text}")), DenialCode::InvalidRequest);
    }
    let zero = parse("response_type=code&max_age=0&prompt=none").unwrap();
    assert_eq!((zero.max_age, zero.prompt.none), (Some(Duration::ZERO), true));
    assert!(parse("response_type=code&prompt=").is_ok(), "without a value it is not there");
}

#[test]
fn c041_request_objects_are_refused_by_name() {
    for (name, expected) in [
        ("request", DenialCode::RequestNotSupported),
        ("request_uri", DenialCode::RequestUriNotSupported),
        ("registration", DenialCode::RegistrationNotSupported),
    ] {
        assert_eq!(
            code(&format!("response_type=code&{name}=http%3A%2F%2F169.254.169.254")),
            expected
        );
    }
}

#[test]
fn a_challenge_is_asked_for_where_it_must_be() {
    // O21-04
    let plain = parse("response_type=code").unwrap();
    let openid = parse("response_type=code&scope=openid").unwrap();
    assert!(plain.check_challenge(true).is_err() && openid.check_challenge(true).is_err());
    // Only OpenID Connect has something else that a stolen code does not fit.
    assert!(plain.check_challenge(false).is_err() && openid.check_challenge(false).is_ok());
    assert_eq!(code(&format!("response_type=code&{CHALLENGE}")), DenialCode::InvalidRequest);
}

#[test]
fn claims_are_read_by_name() {
    let text = r#"{"id_token":{"auth_time":{"essential":true},"acr":{"essential":true,"values":
        ["a","b"]},"sub":{"value":"u1"}},"userinfo":{"email":null,"x":{"value":1}},"other":{}}"#;
    let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let claims = parse(&format!("response_type=code&claims={query}")).unwrap().claims;
    assert!(claims.id_token.has("auth_time") && !claims.id_token.has("email"));
    assert_eq!(claims.id_token.subjects, Some(vec!["u1".to_owned()]));
    assert_eq!(claims.id_token.essential_acr, ["a", "b"]);
    assert!(claims.userinfo.has("email") && claims.userinfo.has("x"));
    for text in ["x", "[]", r#"{"id_token":[]}"#, r#"{"id_token":{"acr":5}}"#] {
        assert!(ClaimsRequest::parse(text).is_err(), "{text}");
    }
    assert!(ClaimsRequest::parse(&format!("{{{}}}", " ".repeat(5_000))).is_err());
}
