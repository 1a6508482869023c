//! Orders and calls with an idempotency key: carried out once, however often they come within a day. What was answered is kept
//! sealed, for whoever ordered it alone.

use super::context::Context;
use super::{clock, database, random};
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::id::{TenantId, UserId, encode_random};
use crate::secret::SecretText;
use crate::store::requests::{
    ANSWERED, AnsweredRow, FORGET_OLD, OPERATOR, RELEASE, REMEMBERED_MILLIS, RESERVE, SETTLE, reply_place,
};
use crate::time::Lifetime;
use serde_json::Value;
use sha2::{Digest, Sha256};
use worker::wasm_bindgen::JsValue;

/// Something with an idempotency key.
pub struct Once<'a> {
    context: &'a Context,
    who: Option<(&'a TenantId, &'a UserId)>,
    key: &'a str,
    digest: String,
}

/// What is known of it.
pub enum Before {
    /// Nothing: it is new.
    Nothing,
    /// It is under way, or was and its end is not known.
    Begun,
    /// This was answered.
    Answered(Value),
}

impl<'a> Once<'a> {
    /// What somebody ordered, or the operator did, with this key; `what` is all that was ordered.
    pub fn new(context: &'a Context, who: Option<(&'a TenantId, &'a UserId)>, key: &'a str, what: &str) -> Self {
        Self { context, who, key, digest: encode_random(&Sha256::digest(what)) }
    }

    /// What is known of it. The key of another order is refused.
    pub async fn before(&self) -> Result<Before, Problem> {
        let row: Option<AnsweredRow> = database::first(&self.context.env, ANSWERED, &self.aged()).await?;
        let Some(row) = row else { return Ok(Before::Nothing) };
        if row.digest != self.digest {
            return Err(Problem::KeyReused);
        }
        if row.reply.is_empty() {
            return Ok(Before::Begun);
        }
        let broken = |error: &dyn std::fmt::Display| Problem::Internal(error.to_string());
        let reply = self.context.settings.root.open(&row.reply, &self.place()).map_err(|error| broken(&error))?;
        serde_json::from_str(reply.expose()).map(Before::Answered).map_err(|error| broken(&error))
    }

    /// Takes the key for something that is about to be done, or says what is known of it.
    pub async fn begin(&self) -> Result<Before, Problem> {
        let (aged, now) = (self.aged(), database::moment(clock::now()));
        let reserve = self.keyed(&[self.digest(), now]);
        let steps: [(&str, &[JsValue]); 2] = [(FORGET_OLD, &aged), (RESERVE, &reserve)];
        let done = database::batch(&self.context.env, &steps).await?;
        if database::changes(done.get(1))? == 1 {
            return Ok(Before::Nothing);
        }
        // It cannot have become free again but by being given back, and then whoever asks again is first.
        Ok(match self.before().await? {
            Before::Nothing => Before::Begun,
            before => before,
        })
    }

    /// Remembers what came of it.
    pub async fn settle(&self, reply: &Value) -> Result<(), Problem> {
        let values = self.keyed(&[self.digest(), JsValue::from_str(&self.sealed(reply)?)]);
        database::run(&self.context.env, SETTLE, &values).await.map(drop)
    }

    /// Gives the key back: nothing was done.
    pub async fn release(&self) -> Result<(), Problem> {
        database::run(&self.context.env, RELEASE, &self.keyed(&[self.digest()])).await.map(drop)
    }

    /// A reply as it is kept.
    pub fn sealed(&self, reply: &Value) -> Result<String, Problem> {
        let nonce = random::bytes::<12>(Purpose::Admin);
        let sealed = self.context.settings.root.seal(&SecretText::new(reply.to_string()), &self.place(), nonce);
        sealed.map_err(|error| Problem::Internal(error.to_string()))
    }

    /// SHA-256 of all that was ordered, as a value of a statement.
    pub fn digest(&self) -> JsValue {
        JsValue::from_str(&self.digest)
    }

    /// Whose it is and its key, with the earliest moment that counts.
    pub fn aged(&self) -> Vec<JsValue> {
        let earliest = clock::now().minus(Lifetime::from_millis(REMEMBERED_MILLIS));
        self.keyed(&[database::moment(earliest)])
    }

    /// Whose it is and its key, before other values of a statement.
    pub fn keyed(&self, rest: &[JsValue]) -> Vec<JsValue> {
        let (tenant, user) = self.who.map_or(OPERATOR, |(tenant, user)| (tenant.as_str(), user.as_str()));
        [&[tenant.into(), user.into(), self.key.into()], rest].concat()
    }

    fn place(&self) -> String {
        let (tenant, user) = self.who.unzip();
        reply_place(tenant, user, self.key)
    }
}
