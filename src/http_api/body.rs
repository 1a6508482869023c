//! The body of a request.

use super::api::{Body, Format, Style, explodes};
use super::request::RequestProblem;
use super::style::{Pairs, push_pairs, render};
use serde_json::{Map, Value};

/// A body and its media type; `None` where no argument of it is given.
pub fn write(body: &Body, arguments: &Map<String, Value>) -> Result<Option<(String, Vec<u8>)>, RequestProblem> {
    let written = match &body.argument {
        Some(argument) => match arguments.get(argument) {
            None | Some(Value::Null) => None,
            Some(value) => Some(whole(body.format, argument, value)?),
        },
        None => of_members(body, arguments),
    };
    Ok(written.map(|bytes| (content_type(body), bytes)))
}

/// The media type that is sent.
fn content_type(body: &Body) -> String {
    let usual = match body.format {
        Format::Json => "application/json",
        Format::Form => "application/x-www-form-urlencoded",
        Format::Text => "text/plain; charset=utf-8",
    };
    body.content_type.clone().unwrap_or_else(|| usual.to_owned())
}

fn whole(format: Format, argument: &str, value: &Value) -> Result<Vec<u8>, RequestProblem> {
    let wrong = || RequestProblem::Type { argument: argument.to_owned() };
    match format {
        Format::Json => Ok(value.to_string().into_bytes()),
        Format::Text => value.as_str().map(|text| text.as_bytes().to_vec()).ok_or_else(wrong),
        Format::Form => {
            let mut pairs = Pairs::new();
            for (name, member) in value.as_object().ok_or_else(wrong)? {
                // As members are written where nothing is said of them (OpenAPI 3.1.1 section 4.8.15).
                let style = if member.is_object() { Style::Json } else { Style::Form };
                push_pairs(name, member, style, true, &mut pairs);
            }
            Ok(render(&pairs).into_bytes())
        }
    }
}

fn of_members(body: &Body, arguments: &Map<String, Value>) -> Option<Vec<u8>> {
    let given = body.members.iter().filter_map(|member| Some((member, arguments.get(&member.argument)?)));
    if body.format == Format::Json {
        let object: Map<String, Value> =
            given.map(|(member, value)| (member.wire_name().to_owned(), value.clone())).collect();
        return (!object.is_empty()).then(|| Value::Object(object).to_string().into_bytes());
    }
    let mut pairs = Pairs::new();
    for (member, value) in given {
        let style = member.style.unwrap_or(Style::Form);
        push_pairs(member.wire_name(), value, style, explodes(member.explode, style), &mut pairs);
    }
    (!pairs.is_empty()).then(|| render(&pairs).into_bytes())
}
