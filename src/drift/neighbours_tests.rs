use super::{Neighbours, differ_by_one};
use crate::drift::suspicion::Suspicion;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn neighbours() -> Neighbours {
    let others = ["send_email", "transfer_funds", "search", "list_items", "render_v2", "getForm", "delete_user"];
    Neighbours::new(others, ["list_items"])
}

#[test]
fn names_that_are_another_upstreams_are_noticed() {
    let neighbours = neighbours();
    for (name, expected) in [
        ("send_email", Some(Suspicion::Shadowing)),
        ("search", None),
        ("send-email", Some(Suspicion::LookAlike)),
        ("Send_Email", Some(Suspicion::LookAlike)),
        ("send_emai1", Some(Suspicion::LookAlike)),
        ("send_emai", Some(Suspicion::LookAlike)),
        ("sendemail", Some(Suspicion::LookAlike)),
        ("transfer_fund", None),
        ("trnasfer_funds", Some(Suspicion::LookAlike)),
        ("delete_usar", Some(Suspicion::LookAlike)),
        ("deletes_users", None),
        ("render_v3", None),
        ("list_item", None),
        ("get_weather", None),
        ("оrder_status", Some(Suspicion::LookAlike)),
        ("ﬁnd", None),
        ("заказ", None),
    ] {
        assert_eq!(neighbours.suspect(name), expected, "{name}");
    }
    assert_eq!(Neighbours::default().suspect("send_email"), None);
}

#[test]
fn only_made_up_names_of_others_are_found_in_a_text() {
    let neighbours = neighbours();
    assert_eq!(neighbours.named_in("First search, then `send_email` and list_items."), ["send_email` and list_items"]);
    assert_eq!(neighbours.named_in("call getForm or send_email2"), ["getForm or send_email2"]);
    assert!(neighbours.named_in("Send an email").is_empty());
}

#[test]
fn one_letter_is_one_letter() {
    for (one, other, expected) in [
        ("abcdefgh", "abcdefgh", false),
        ("abcdefgh", "abcdxfgh", true),
        ("abcdefgh", "abcdfgh", true),
        ("abcdefgh", "bacdefgh", true),
        ("abcdefgh", "abcdefhg", true),
        ("abcdefgh", "abxxefgh", false),
        ("aaaa", "aaaaa", true),
        ("version1", "version2", false),
        ("", "a", true),
    ] {
        assert_eq!(differ_by_one(one, other), expected, "{one} {other}");
        assert_eq!(differ_by_one(other, one), expected, "{other} {one}");
    }
}
