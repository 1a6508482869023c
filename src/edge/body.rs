//! Reading a request's body, never more of it than is allowed.

use crate::api::problem::Problem;
use crate::json::{JsonError, REQUEST_CAPS};
use futures::StreamExt;
use worker::Request;

/// The whole body, at most [`REQUEST_CAPS`] long. A declared length beyond it is refused before anything is read.
pub async fn read(request: &mut Request) -> Result<Vec<u8>, Problem> {
    let max_bytes = REQUEST_CAPS.max_bytes;
    let too_large = || Problem::Json(JsonError::TooLarge { max_bytes });
    let declared = header(request, "content-length").and_then(|text| text.parse::<usize>().ok());
    match declared {
        Some(length) if length > max_bytes => return Err(too_large()),
        // The runtime holds a sender to its declared length.
        Some(_) => return request.bytes().await.map_err(|_| broken()),
        None => {}
    }
    let Ok(mut stream) = request.stream() else { return Ok(Vec::new()) };
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk.map_err(|_| broken())?);
        if body.len() > max_bytes {
            return Err(too_large());
        }
    }
    Ok(body)
}

/// A header's value; several fields of one name are joined by the runtime.
pub fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}

fn broken() -> Problem {
    Problem::InvalidBody("the body ended early".into())
}
