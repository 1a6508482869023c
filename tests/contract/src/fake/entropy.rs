//! Providers of quantum-derived bytes in their exact wire formats, able to misbehave on command ([`Fault`]) and to heal.
//!
//! A healthy provider's bytes come from a counter through SHA-256: they pass any health test and no two answers are the same.

mod fault;
mod form;

pub use fault::Fault;

use super::{Request, Server};
use fault::Tap;
use form::Form;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// The key the ANU fake takes.
pub const ANU_KEY: &str = "anu-canary-key-5cb1";
/// The key the Quantum Origin fake takes.
pub const ORIGIN_KEY: &str = "origin-canary-key-77e0";
/// The client id the Quantum Origin fake takes.
pub const ORIGIN_CLIENT: &str = "0b0e5a5e-4a4c-4bd8-9d63-6a1b1a3e5f10";
/// The secret shared with the Quantum Origin fake.
pub const ORIGIN_SECRET: [u8; 32] = [0x5a; 32];
/// The key that the fakes of every other provider with a key take.
pub const OTHER_KEY: &str = "other-canary-key-19fd";

/// A stand-in for a provider.
#[derive(Clone, Debug)]
pub struct Provider {
    server: Server,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Provider {
    fn start(form: impl Form) -> Self {
        let fault = Arc::<Mutex<Option<Fault>>>::default();
        let (now, tap) = (fault.clone(), Tap::default());
        let server = Server::start(move |request: &Request| {
            let fault = *now.lock().unwrap_or_else(PoisonError::into_inner);
            fault::apply(fault, form.answer(request, &|length| tap.draw(fault, length)))
        });
        Self { server, fault }
    }

    /// Answers every request in this wrong way from now on.
    pub fn misbehave(&self, fault: Fault) {
        self.set(Some(fault));
    }

    /// Answers as it should again.
    pub fn heal(&self) {
        self.set(None);
    }

    fn set(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

impl Deref for Provider {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// `https://api.quantumnumbers.anu.edu.au`.
pub fn anu() -> Provider {
    Provider::start(form::anu)
}

/// `https://qrng.anu.edu.au/API/jsonI.php`: `length` is a number, `size` counts bytes, the limit is told with a 500.
pub fn anu_legacy() -> Provider {
    Provider::start(form::anu_legacy())
}

/// `POST {base}/randomness` of Quantum Origin Cloud v1, with its inner encryption.
pub fn quantum_origin() -> Provider {
    Provider::start(form::quantum_origin)
}

/// A Quantis appliance: `streambytes` gives the raw bytes, `hexbytes` an array of texts.
pub fn quantis() -> Provider {
    Provider::start(form::quantis)
}

/// A source that speaks the QRNG Open API: blocks of at most 256 bytes, at most 16 of them, and a health test it passes.
pub fn qrng_open_api() -> Provider {
    Provider::start(form::qrng_open_api)
}

/// `https://api-eus.qrypt.com`.
pub fn qrypt() -> Provider {
    Provider::start(form::qrypt)
}

/// `https://api.qrng.outshift.com`.
pub fn outshift() -> Provider {
    Provider::start(form::outshift)
}

/// `https://lfdr.de`.
pub fn lfd() -> Provider {
    Provider::start(form::lfd)
}

/// `https://qrandom.io`.
pub fn qrandom_io() -> Provider {
    Provider::start(form::qrandom_io)
}

/// `https://qrng.qbck.io`: a wrong key is told in the body, with status 200.
pub fn qbck() -> Provider {
    Provider::start(form::qbck)
}

/// `https://api.qci-prod.com`: an access token is good for ten numbers requests.
pub fn qci() -> Provider {
    Provider::start(form::qci())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
