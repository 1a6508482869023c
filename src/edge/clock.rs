//! The one place that reads the clock. In production it stands still between I/O, so it is the time of the last event.

use crate::time::Timestamp;

/// Now.
pub fn now() -> Timestamp {
    Timestamp::from_millis(worker::Date::now().as_millis())
}
