//! OAuth clients in D1.

use crate::id::{TenantId, UserId};
use crate::oauth::client::{Authentication, Client, Grants, Known, SecretMethod};
use crate::oauth::key::Jwks;
use crate::oauth::redirect::RedirectUri;
use serde::Deserialize;

/// Most clients that registered themselves at one time.
pub const MAX_SELF_REGISTERED: u32 = 10_000;

/// The client of that id, unless it is disabled, has expired, or its tenant is disabled. `?1` id, `?2` now.
pub const CLIENT_BY_ID: &str = "\
    SELECT oauth_clients.* FROM oauth_clients LEFT JOIN tenants ON tenants.id = oauth_clients.tenant_id \
    WHERE oauth_clients.id = ?1 AND oauth_clients.disabled_at IS NULL AND tenants.disabled_at IS NULL \
      AND (oauth_clients.expires_at IS NULL OR oauth_clients.expires_at > ?2)";

/// A client that registered itself, unless there are too many. `?1` id, `?2` name, `?3` redirect URIs, `?4` method,
/// `?5` hash of the secret, `?6` keys, `?7` grants, `?8` now, `?9` end, `?10` the most there may be.
pub const INSERT_SELF_REGISTERED: &str = "\
    INSERT INTO oauth_clients \
        (id, name, redirect_uris, auth_method, secret_hash, jwks, grant_types, created_at, expires_at) \
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 \
    WHERE (SELECT COUNT(*) FROM oauth_clients WHERE tenant_id IS NULL) < ?10";

/// Makes room: a hundred clients whose time is up. `?1` now.
pub const DELETE_EXPIRED: &str = "\
    DELETE FROM oauth_clients WHERE id IN (SELECT id FROM oauth_clients WHERE expires_at <= ?1 LIMIT 100)";

/// A client that is used stays longer. `?1` id, `?2` the new end; nothing changes for one that does not expire, or that
/// would gain less than a day.
pub const EXTEND: &str = "UPDATE oauth_clients SET expires_at = ?2 WHERE id = ?1 AND expires_at < ?2 - 86400000";

/// A client of a tenant, registered by its operator; fails where the account is not the tenant's own. `?1` id, `?2` tenant,
/// `?3` login name of the account or NULL, `?4` name, `?5` redirect URIs, `?6` method, `?7` hash of the secret, `?8` keys,
/// `?9` grants, `?10` now.
pub const INSERT_OF_TENANT: &str = "\
    INSERT INTO oauth_clients \
        (id, tenant_id, account_id, name, redirect_uris, auth_method, secret_hash, jwks, grant_types, created_at) \
    VALUES (?1, ?2, (SELECT id FROM users WHERE tenant_id = ?2 AND username = ?3), \
            CASE WHEN ?3 IS NULL OR EXISTS (SELECT 1 FROM users WHERE tenant_id = ?2 AND username = ?3) THEN ?4 END, \
            ?5, ?6, ?7, ?8, ?9, ?10)";

/// A row of [`CLIENT_BY_ID`].
#[derive(Clone, Debug, Deserialize)]
pub struct ClientRow {
    id: String,
    tenant_id: Option<TenantId>,
    account_id: Option<UserId>,
    name: String,
    redirect_uris: String,
    auth_method: String,
    secret_hash: Option<String>,
    jwks: Option<String>,
    grant_types: String,
}

impl ClientRow {
    /// The client, or `None` when what is stored is no client any more: a redirect URI of a scheme that the operator has
    /// ceased to allow is left out, keys that cannot be read leave nobody to trust.
    pub fn into_client(self, schemes: &[String]) -> Option<Client> {
        let texts: Vec<String> = serde_json::from_str(&self.redirect_uris).ok()?;
        let authentication = match (self.auth_method.as_str(), self.secret_hash) {
            ("none", None) => Authentication::Nothing,
            ("client_secret_basic", Some(hash)) => Authentication::Secret { method: SecretMethod::Basic, hash },
            ("client_secret_post", Some(hash)) => Authentication::Secret { method: SecretMethod::Post, hash },
            ("private_key_jwt", None) => {
                Authentication::Key(serde_json::from_str::<Jwks>(self.jwks.as_deref()?).ok()?.checked()?)
            }
            _ => return None,
        };
        Some(Client {
            id: self.id,
            name: self.name,
            known: match self.tenant_id {
                Some(tenant) => Known::Operator { tenant, account: self.account_id },
                None => Known::Itself,
            },
            redirect_uris: texts.iter().filter_map(|text| RedirectUri::parse(text, schemes).ok()).collect(),
            authentication,
            grants: Grants::from_names(self.grant_types.split(' ')),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ClientRow;
    use crate::oauth::client::{Authentication, Known};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn row(method: &str, secret: Option<&str>, jwks: Option<&str>) -> ClientRow {
        ClientRow {
            id: "c".into(),
            tenant_id: None,
            account_id: None,
            name: "App".into(),
            redirect_uris: r#"["https://app.example/cb","cursor://x"]"#.into(),
            auth_method: method.into(),
            secret_hash: secret.map(str::to_owned),
            jwks: jwks.map(str::to_owned),
            grant_types: "authorization_code refresh_token".into(),
        }
    }

    #[test]
    fn a_row_is_the_client_it_was() {
        let client = row("none", None, None).into_client(&[]).unwrap();
        assert_eq!((client.known, client.authentication), (Known::Itself, Authentication::Nothing));
        assert_eq!(client.redirect_uris.len(), 1, "a scheme that is not allowed is left out");
        assert!(client.grants.code && client.grants.refresh && !client.grants.client_credentials);
        assert_eq!(row("none", None, None).into_client(&["cursor".into()]).unwrap().redirect_uris.len(), 2);
    }

    #[test]
    fn a_row_that_proves_nothing_is_no_client() {
        for bad in [
            row("client_secret_basic", None, None),
            row("none", Some("h"), None),
            row("private_key_jwt", None, None),
            row("private_key_jwt", None, Some(r#"{"keys":[]}"#)),
            row("magic", None, None),
        ] {
            assert!(bad.into_client(&[]).is_none());
        }
        let keys = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}"#;
        assert!(row("private_key_jwt", None, Some(keys)).into_client(&[]).is_some());
        assert!(row("client_secret_post", Some("h"), None).into_client(&[]).is_some());
    }
}
