//! JSON as conditions see it, against a purse: values are made when they are asked for, and texts are borrowed.

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt, MAP_TYPE, Type,
};
use cel::common::value::{CowVal, Val};
use serde_json::{Map, Number, Value};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// How much text costs as much as one value, in bytes.
const BYTES_OF_A_STEP: usize = 64;

/// What an evaluation may still look at. Every value that is handed out is paid for, as often as it is; who cannot pay gets
/// `null`, and what comes out of such an evaluation counts for nothing.
#[derive(Debug)]
pub struct Purse(AtomicU32);

impl Purse {
    /// A purse of so many values.
    pub const fn new(steps: u32) -> Self {
        // One more, so that a purse used up exactly is not yet empty.
        Self(AtomicU32::new(steps.saturating_add(1)))
    }

    /// Whether more was wanted than was there.
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Pays for one value and the bytes of its text. Whether there was enough.
    fn pay(&self, bytes: usize) -> bool {
        let price = u32::try_from(bytes / BYTES_OF_A_STEP).unwrap_or(u32::MAX).saturating_add(1);
        let left = self.0.load(Ordering::Relaxed).saturating_sub(price);
        self.0.store(left, Ordering::Relaxed);
        left > 0
    }
}

/// A value of JSON, with everything in it.
pub fn convert<'v>(value: &'v Value, purse: &Purse) -> Box<dyn Val + 'v> {
    let bytes = value.as_str().map_or(0, str::len);
    if !purse.pay(bytes) {
        return Box::new(CelNull);
    }
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(number) => convert_number(number),
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => {
            let items = items.iter().take_while(|_| !purse.is_empty());
            Box::new(CelList::from(items.map(|item| convert(item, purse)).collect::<Vec<_>>()))
        }
        Value::Object(members) => {
            let members = members.iter().take_while(|(name, _)| purse.pay(name.len()));
            let members = members.map(|(name, value)| (CelMapKey::from(name.as_str()), convert(value, purse)));
            Box::new(CelMap::from(members.collect::<HashMap<_, _>>()))
        }
    }
}

fn convert_number<'v>(number: &Number) -> Box<dyn Val + 'v> {
    if let Some(number) = number.as_i64() {
        return Box::new(CelInt::from(number));
    }
    match number.as_u64() {
        Some(number) => Box::new(CelUInt::from(number)),
        None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
    }
}

/// A text, or `null`. It costs nothing: what is converted so is short.
pub fn convert_text(text: Option<&str>) -> Box<dyn Val + '_> {
    match text {
        Some(text) => Box::new(CelString::from(text)),
        None => Box::new(CelNull),
    }
}

/// A list of texts.
pub fn convert_texts(texts: &[String]) -> Box<dyn Val + '_> {
    Box::new(CelList::from(texts.iter().map(|text| convert_text(Some(text))).collect::<Vec<_>>()))
}

/// The arguments as a whole: a map of which only what is asked for becomes a value.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    /// The arguments.
    pub members: &'a Map<String, Value>,
    /// What pays for them.
    pub purse: &'a Purse,
}

impl<'a> Arguments<'a> {
    fn member(&self, name: &dyn Val) -> Result<Box<dyn Val + 'a>, ExecutionError> {
        let name = name.downcast_ref::<CelString>().map(CelString::inner).unwrap_or_default();
        self.members.get(name).map(|value| convert(value, self.purse)).ok_or_else(|| ExecutionError::no_such_key(name))
    }

    /// The value at the end of a path of names; `None` when there is none.
    pub fn at(&self, path: &str) -> Option<Box<dyn Val + 'a>> {
        let mut names = path.split('.');
        let first = self.members.get(names.next()?)?;
        let value = names.try_fold(first, |value, name| value.as_object()?.get(name))?;
        Some(convert(value, self.purse))
    }
}

impl Val for Arguments<'_> {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl Container for Arguments<'_> {
    fn contains(&self, name: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(name.downcast_ref::<CelString>().is_some_and(|name| self.members.contains_key(name.inner())))
    }
}

impl Indexer for Arguments<'_> {
    fn get<'b, 'v>(&'b self, name: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.member(name).map(CowVal::Owned)
    }

    fn steal<'v>(self: Box<Self>, name: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.member(name).map(|value| value as Box<dyn Val + 'v>)
    }
}
