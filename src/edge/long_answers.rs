//! Answers that are too long for one result: kept in parts for a while, for who got them.

use super::admission::Principal;
use super::context::Context;
use super::upstreams::Party;
use super::{clock, database, random};
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::http_api::answer::{MAX_TEXT_BYTES, Rest};
use crate::http_api::page::page;
use crate::id::encode_random;
use crate::mcp::wire::CallToolResult;
use crate::secret::SecretText;
use crate::store::answers::{KEEP, KeptRow, MAKE_ROOM, PART, PartRow, part_place};
use crate::store::arrays::arrays;
use crate::tool::builtin::read_more::{KEPT, MAX_KEPT_BYTES, Order, how};
use worker::wasm_bindgen::JsValue;

/// Keeps the text of which a part was shown. How to read on, in words for a model; nothing where it could not be kept.
pub async fn keep(party: &Party, rest: &Rest) -> Option<String> {
    let kept = rest.text.get(..rest.text.floor_char_boundary(MAX_KEPT_BYTES))?;
    let id = encode_random(&random::bytes::<16>(Purpose::Credential));
    let mut pages: Vec<PartRow> = Vec::new();
    let mut from = Some(0);
    while let Some(at) = from {
        let (text, next) = page(kept, at, MAX_TEXT_BYTES);
        let number = u32::try_from(pages.len()).ok()? + 1;
        let place = part_place(&party.tenant, &party.user, &id, number);
        let nonce = random::bytes::<12>(Purpose::Credential);
        let sealed = party.settings.root.seal(&SecretText::new(text), &place, nonce).ok()?;
        pages.push(PartRow { page: number, sealed });
        from = next;
    }
    store(party, &id, &pages).await.ok()?;
    let cut = if kept.len() < rest.text.len() { " The first megabyte of it is kept." } else { "" };
    Some(format!("{}{cut}", how(&id, 2)))
}

async fn store(party: &Party, id: &str, pages: &[PartRow]) -> Result<(), Problem> {
    let now = clock::now();
    let (tenant, user) = (JsValue::from_str(party.tenant.as_str()), JsValue::from_str(party.user.as_str()));
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let mut statements = vec![(MAKE_ROOM, vec![user.clone(), database::moment(now)])];
    for rows in arrays(pages) {
        let until = database::moment(now.plus(KEPT));
        statements.push((KEEP, vec![tenant.clone(), user.clone(), id.into(), count.into(), rows.into(), until]));
    }
    let statements: Vec<_> = statements.iter().map(|(statement, values)| (*statement, values.as_slice())).collect();
    database::batch(&party.env, &statements).await.map(drop)
}

/// Gives a part of an answer to who got it.
pub async fn read(context: &Context, principal: &Principal, order: &Order) -> CallToolResult {
    let (tenant, user) = (principal.tenant(), principal.user());
    let values = [
        tenant.as_str().into(),
        user.as_str().into(),
        order.handle.as_str().into(),
        order.page.into(),
        database::moment(clock::now()),
    ];
    let row: Option<KeptRow> = match database::first(&context.env, PART, &values).await {
        Ok(row) => row,
        Err(_) => return CallToolResult::failed("The answer cannot be read just now: try again in a moment."),
    };
    let opened = row.and_then(|row| {
        let text = context.settings.root.open(&row.sealed, &part_place(tenant, user, &order.handle, row.page)).ok()?;
        Some((text, row.pages))
    });
    opened.map_or_else(Order::missed, |(text, pages)| order.told(text.expose(), pages))
}
