//! Reading a body from the platform's streams, never more of it than is allowed.

use worker::js_sys::{Promise, Uint8Array};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{ReadableStream, ReadableStreamDefaultReader, ReadableStreamReadResult};

/// Why a body was not read to its end.
#[derive(Clone, Copy)]
pub enum Ended {
    /// It is longer than allowed; its stream is closed.
    TooLarge,
    /// It broke off.
    Broken,
}

/// A body of a declared length, out of its `arrayBuffer()`: the platform holds the sender to the length.
pub async fn whole(buffer: Result<Promise, JsValue>) -> Result<Vec<u8>, Ended> {
    let broken = |_: JsValue| Ended::Broken;
    let bytes = JsFuture::from(buffer.map_err(broken)?).await.map_err(broken)?;
    Ok(Uint8Array::new(&bytes).to_vec())
}

/// A body of any length, at most `max_bytes`, counted as it comes, and so after it was decompressed. No stream is an empty
/// body. `piece` hears of every piece.
pub async fn counted(stream: Option<ReadableStream>, max_bytes: usize, piece: &dyn Fn()) -> Result<Vec<u8>, Ended> {
    let mut body = Vec::new();
    let Some(stream) = stream else { return Ok(body) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    loop {
        let step = JsFuture::from(reader.read()).await.map_err(|_| Ended::Broken)?;
        let step: ReadableStreamReadResult = step.unchecked_into();
        if step.get_done().unwrap_or(false) {
            return Ok(body);
        }
        piece();
        body.extend(step.get_value().unchecked_into::<Uint8Array>().to_vec());
        if body.len() > max_bytes {
            let _ = reader.cancel();
            return Err(Ended::TooLarge);
        }
    }
}
