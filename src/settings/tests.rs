use super::Settings;
use crate::id::encode_random;
use crate::secret::SecretText;
use crate::time::Lifetime;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn key(shift: u8) -> String {
    encode_random(&std::array::from_fn::<u8, 32, _>(|i| u8::try_from(i).unwrap() * 3 + shift))
}

fn read(changes: &[(&str, &str)]) -> Result<Settings, String> {
    let lookup = |name: &str| {
        if let Some((_, value)) = changes.iter().find(|(changed, _)| *changed == name) {
            return Some((*value).to_owned());
        }
        match name {
            "PROFILE" => Some("production".into()),
            "ISSUER" => Some("https://gw.example.com".into()),
            "SIGNING_KEY" => Some(key(1)),
            "ENCRYPTION_KEY" => Some(key(2)),
            _ => None,
        }
    };
    Settings::read(&lookup).map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.resource, "https://gw.example.com/mcp");
    assert_eq!((settings.calls.burst, settings.calls.per_minute), (20, 600));
    assert_eq!((settings.lease_life.millis(), settings.access_life.seconds_ceil()), (1000, 600));
}

#[test]
fn traces_are_collected_only_where_an_address_is_given() {
    assert!(read(&[]).unwrap().collector.is_none());
    let address = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example.com");
    assert!(read(&[address]).unwrap().collector.is_some());
    let wrong = read(&[address, ("OTEL_TRACES_SAMPLER_ARG", "half"), ("ISSUER", "canary")]).unwrap_err();
    assert!(wrong.contains("OTEL_TRACES_SAMPLER_ARG") && wrong.contains("ISSUER"), "{wrong}");
}

#[test]
fn limits_towards_upstreams_are_kept_within_their_bounds() {
    let limits = read(&[]).unwrap().upstreams;
    let millis = [limits.deadline, limits.patience.first, limits.patience.idle].map(Lifetime::millis);
    assert_eq!((millis, limits.concurrency), ([30_000, 10_000, 10_000], 64));
    assert_eq!((limits.breaker.in_a_row, limits.breaker.pause.millis()), (5, 5_000));
    for (name, low, high) in [
        ("UPSTREAM_DEADLINE_MS", 1_000_u64, 30_000_u64),
        ("UPSTREAM_FIRST_BYTE_MS", 500, 10_000),
        ("UPSTREAM_IDLE_MS", 500, 10_000),
        ("UPSTREAM_CONCURRENCY", 1, 1_000),
        ("UPSTREAM_BREAKER_FAILURES", 2, 100),
        ("UPSTREAM_BREAKER_SECONDS", 1, 300),
        ("UPSTREAM_SCAN_SECONDS", 1, 86_400),
        ("UPSTREAM_SCANS", 1, 20),
    ] {
        for (value, good) in [(low, true), (high, true), (low - 1, false), (high + 1, false)] {
            assert_eq!(read(&[(name, &value.to_string())]).is_ok(), good, "{name}={value}");
        }
    }
}

#[test]
fn a_token_of_an_operators_choice_is_long_and_may_be_absent() {
    let settings = read(&[]).unwrap();
    assert_eq!((settings.metrics_token, settings.bootstrap_token), (None, None));
    let (short, long) = ("x".repeat(31), "x".repeat(32));
    for name in ["METRICS_TOKEN", "BOOTSTRAP_TOKEN", "OPERATOR_TOKEN"] {
        assert_eq!(read(&[(name, &short)]).unwrap_err(), format!("{name} must have 32 characters at least"));
        assert!(read(&[(name, &long)]).is_ok());
    }
}

#[test]
fn what_the_key_before_this_one_sealed_still_opens() {
    let before = read(&[("ENCRYPTION_KEY", &key(3))]).unwrap().root;
    let sealed = before.seal(&SecretText::new("token"), "place", [7; 12]).unwrap();
    assert!(read(&[]).unwrap().root.open(&sealed, "place").is_err());
    let after = read(&[("ENCRYPTION_KEY_PREVIOUS", &key(3))]).unwrap().root;
    assert_eq!(after.open(&sealed, "place").unwrap(), SecretText::new("token"));
    let problems = read(&[("ENCRYPTION_KEY_PREVIOUS", "short")]).unwrap_err();
    assert!(problems.starts_with("ENCRYPTION_KEY_PREVIOUS must be"), "{problems}");
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let problems = read(&[("PROFILE", ""), ("SIGNING_KEY", ""), ("ENCRYPTION_KEY", "")]).unwrap_err();
    assert_eq!(problems, "PROFILE is missing; SIGNING_KEY is missing; ENCRYPTION_KEY is missing");
}

#[test]
fn a_provider_of_which_something_is_missing_is_refused_with_everything_else() {
    assert_eq!(read(&[]).unwrap().oidc, None);
    let problems = read(&[("OIDC_ISSUER", "https://login.example.com"), ("SIGNING_KEY", "")]).unwrap_err();
    assert_eq!(
        problems,
        "SIGNING_KEY is missing; OIDC_CLIENT_ID is missing; OIDC_TENANT is missing; OIDC_NAME is missing"
    );
}

#[test]
fn the_issuer_is_an_origin_that_fits_the_profile() {
    for bad in
        ["http://gw.example.com", "https://gw.example.com/x", "https://127.0.0.1", "gw.example.com", "https://a@b.c"]
    {
        assert!(read(&[("ISSUER", bad)]).is_err(), "{bad}");
    }
    let local = |issuer| read(&[("PROFILE", "local"), ("ISSUER", issuer)]);
    assert!(local("http://127.0.0.1:8787/").is_ok());
    assert!(local("http://gw.example.com").is_err() && local("https://127.0.0.1").is_err());
}

#[test]
fn origins_are_allowed_by_name_and_to_the_letter() {
    let settings = read(&[("ALLOWED_ORIGINS", "https://app.example, http://localhost:6274")]).unwrap();
    assert!(settings.lists_origin("https://app.example") && settings.lists_origin("http://localhost:6274"));
    for other in [
        "https://app.example:443",
        "https://APP.example",
        "http://app.example",
        "https://app.example.evil.com",
        "https://app.example/",
        "http://localhost",
        "null",
        "",
        "https://gw.example.com",
    ] {
        assert!(!settings.lists_origin(other), "{other}");
    }
    assert!(!read(&[]).unwrap().lists_origin(""));
    for bad in [
        "*",
        "null",
        "https://*.example",
        "app.example",
        "http://app.example",
        "https://app.example/",
        "https://app.example/x",
        "https://app.example:443",
        "https://APP.example",
        "https://a@app.example",
        "https://a.example https://b.example",
        "file:///x",
    ] {
        assert!(read(&[("ALLOWED_ORIGINS", bad)]).unwrap_err().starts_with("ALLOWED_ORIGINS must"), "{bad}");
    }
}

#[test]
fn only_the_gateways_own_host_and_origin_are_served() {
    let production = read(&[]).unwrap();
    assert!(production.serves_host("GW.example.com") && production.serves_origin("https://gw.example.com"));
    for host in ["evil.example.com", "gw.example.com:8443", "127.0.0.1", "gw.example.com.", ""] {
        assert!(!production.serves_host(host), "{host}");
    }
    let local = read(&[("PROFILE", "local"), ("ISSUER", "http://127.0.0.1:8787")]).unwrap();
    for host in ["127.0.0.1:8787", "localhost:9999", "[::1]:1"] {
        assert!(local.serves_host(host) && local.serves_origin(&format!("http://{host}")), "{host}");
    }
    for host in ["gw.workers.dev", "127.0.0.1.evil.com", "localhost.evil.com", "localhost/x", "a@localhost", ""] {
        assert!(!local.serves_host(host) && !local.serves_origin(&format!("http://{host}")), "{host}");
    }
    assert!(!local.serves_origin("null") && !local.serves_origin("https://evil.example.com"));
}
