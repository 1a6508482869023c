//! What a person chooses in a form, a name and a password, and what is told where it cannot be.

use super::random;
use crate::account::Username;
use crate::account::password::{NewPassword, Owner};
use crate::api::problem::Problem;
use crate::api::refusal::sentence;
use crate::entropy::purpose::Purpose;
use crate::oauth::parameters::Parameters;
use crate::secret::SecretText;

/// Why a form was not done: something to mend on its page, or a refusal of the request.
pub enum Failed {
    /// The page is shown again, with this status and these words.
    Told(u16, String),
    /// The request is refused.
    Refused(Problem),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// Something to mend in a form.
pub fn mend(words: &impl ToString) -> Failed {
    Failed::Told(422, sentence(&words.to_string()))
}

/// Something that was shown and is not good.
pub fn not_good(words: &str) -> Failed {
    Failed::Told(403, sentence(words))
}

/// The login name of a form.
pub fn username(form: &Parameters) -> Result<Username, Failed> {
    Username::parse(form.find("username").unwrap_or_default()).map_err(|wrong| mend(&wrong))
}

/// The new password of a form, which stands there twice, and its hash.
pub fn password(form: &Parameters, owner: Owner<'_>) -> Result<String, Failed> {
    let text = |name: &str| SecretText::new(form.find(name).unwrap_or_default());
    let chosen = text("password");
    if chosen != text("again") {
        return Err(mend(&"the two passwords are not the same"));
    }
    let chosen = NewPassword::check(chosen, owner).map_err(|refusal| mend(&refusal))?;
    let hash = chosen.hash(&random::bytes::<16>(Purpose::Account));
    hash.map_err(|refusal| Failed::Refused(Problem::Internal(refusal.to_string())))
}
