//! A link as a picture that a phone reads (QR code, ISO/IEC 18004), drawn into the page itself: no other place has it.

use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;

/// Light modules around the picture (ISO/IEC 18004 section 6.3.8).
const QUIET: i32 = 4;

/// A picture as an SVG path in a square.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where the square begins, left and top.
    pub start: i32,
    /// How long its sides are.
    pub side: i32,
    /// The dark modules: one box for each run of a row.
    pub path: String,
}

/// The picture of a text; `None` for more than fits.
pub fn picture(text: &str) -> Option<Picture> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size()).take_while(|at| code.get_module(*at, y)).count();
            let run = i32::try_from(run).ok()?;
            if run > 0 {
                write!(path, "M{x} {y}h{run}v1h-{run}z").ok()?;
            }
            x += run + 1;
        }
    }
    Some(Picture { start: -QUIET, side: code.size() + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::picture;
    use qrcodegen::{QrCode, QrCodeEcc};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_boxes_of_a_picture_are_the_dark_modules_and_no_others() {
        let text = "otpauth://totp/gw:ada?secret=GEZDGNBVGY3TQOJQ&issuer=gw";
        let (code, drawn) = (QrCode::encode_text(text, QrCodeEcc::Medium).unwrap(), picture(text).unwrap());
        assert_eq!((drawn.start, drawn.side), (-4, code.size() + 8));
        let mut dark = Vec::new();
        for run in drawn.path.split_terminator('z') {
            let (place, rest) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (i32, i32) = (x.parse().unwrap(), y.parse().unwrap());
            let (length, back) = rest.split_once("v1h-").unwrap();
            assert_eq!(length, back);
            dark.extend((x..x + length.parse::<i32>().unwrap()).map(|x| (x, y)));
        }
        let all = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        assert_eq!(dark, all.filter(|(x, y)| code.get_module(*x, *y)).collect::<Vec<_>>());
    }

    #[test]
    fn more_than_fits_is_no_picture() {
        assert_eq!(picture(&"x".repeat(3000)), None);
    }
}
