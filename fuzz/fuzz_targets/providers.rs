//! Any answer to any provider, see `checks/providers.rs`. The project's own tests run the same check on a few thousand answers.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../checks/providers.rs"]
mod providers;

fuzz_target!(|input: &[u8]| {
    providers::check(input);
});
