//! Many rows for one statement, which takes them out of a JSON array with `json_each`.

use serde::Serialize;

/// Longest list of rows that is handed to a statement at once, in bytes of JSON: the platform takes two megabytes.
pub const MAX_ROWS_BYTES: usize = 1_000_000;

/// JSON arrays of these rows, none longer than [`MAX_ROWS_BYTES`] unless one row alone is.
pub fn arrays(rows: impl IntoIterator<Item = impl Serialize>) -> Vec<String> {
    let mut arrays: Vec<String> = Vec::new();
    for row in rows.into_iter().filter_map(|row| serde_json::to_string(&row).ok()) {
        match arrays.last_mut().filter(|open| open.len() + row.len() < MAX_ROWS_BYTES) {
            Some(open) => {
                open.push(',');
                open.push_str(&row);
            }
            None => arrays.push(format!("[{row}")),
        }
    }
    for array in &mut arrays {
        array.push(']');
    }
    arrays
}

#[cfg(test)]
mod tests {
    use super::{MAX_ROWS_BYTES, arrays};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn rows_are_handed_over_in_arrays_that_the_platform_takes() {
        assert!(arrays(Vec::<u8>::new()).is_empty());
        assert_eq!(arrays([1, 2]), ["[1,2]"]);
        let long = "x".repeat(MAX_ROWS_BYTES / 3);
        let split = arrays(vec![long; 7]);
        assert_eq!(split.len(), 4);
        let counts = split.iter().map(|array| serde_json::from_str::<Vec<String>>(array).unwrap().len());
        assert_eq!(counts.sum::<usize>(), 7);
    }
}
