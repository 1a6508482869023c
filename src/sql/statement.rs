//! One statement that may be run, or why not.

use super::lexer::{Kind, Token, Unreadable, tokens};
use super::options::{Change, DatabaseOptions};

/// Longest statement, in bytes.
pub const MOST_BYTES: usize = 32 * 1024;

/// What changes the database itself, its connection or its transactions: in no statement that is run here.
const NEVER: [&str; 16] = [
    "ALTER",
    "ANALYZE",
    "ATTACH",
    "BEGIN",
    "COMMIT",
    "CREATE",
    "DETACH",
    "DROP",
    "EXPLAIN",
    "PRAGMA",
    "REINDEX",
    "RELEASE",
    "RETURNING",
    "ROLLBACK",
    "SAVEPOINT",
    "VACUUM",
];
/// Names that are not a tenant's: what SQLite and the platform keep, and functions that reach out of the database.
const RESERVED: [&str; 6] = ["d1_migrations", "dbstat", "fts3_tokenizer", "load_extension", "readfile", "writefile"];
/// How such names begin.
const RESERVED_PREFIXES: [&str; 3] = ["sqlite_", "_cf_", "pragma_"];

/// A statement that reads, for as many rows as are wanted and one more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(String);

/// A statement that changes rows as it is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command(String);

/// Why a statement is not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Nothing, or too much.
    #[error("a statement has 1 to {MOST_BYTES} bytes")]
    Length,
    /// Another one behind it.
    #[error("there is more than one statement")]
    Several,
    /// Parentheses that do not fit.
    #[error("the parentheses do not fit")]
    Parentheses,
    /// Not a query.
    #[error("a query begins with SELECT, VALUES or WITH")]
    NoQuery,
    /// Not a change that is allowed.
    #[error("a statement that changes rows begins with one of: {0}")]
    NoChange(String),
    /// A word of another statement.
    #[error("{0} is not allowed here; as a name it stands in double quotes")]
    Word(String),
    /// A name that is not the tenant's.
    #[error("{0:?} is kept by the database itself; as a value it is given as a parameter")]
    Name(String),
    /// Parameters without values, or the other way round.
    #[error("the statement has {wanted} parameters, and there are {given} values")]
    Parameters {
        /// How many there are.
        wanted: usize,
        /// How many values.
        given: usize,
    },
}

impl Query {
    /// Looks at a text that is to be a query with so many values.
    pub fn admit(text: &str, values: usize) -> Result<Self, Refused> {
        let (text, found) = one(text, values)?;
        if !matches!(first(&found), "SELECT" | "VALUES" | "WITH") {
            return Err(Refused::NoQuery);
        }
        match written(&found).next() {
            Some(change) => Err(Refused::Word(change.as_word().into())),
            None => Ok(Self(text)),
        }
    }

    /// The statement that is run: the query is the inside of another one, which is nothing but a query, and takes `rows` at most.
    pub fn limited(&self, rows: u32) -> String {
        format!("SELECT * FROM ({}) LIMIT {rows}", self.0)
    }
}

impl Command {
    /// Looks at a text that is to change rows, with so many values.
    pub fn admit(text: &str, values: usize, options: &DatabaseOptions) -> Result<Self, Refused> {
        let (text, found) = one(text, values)?;
        let begins = Change::ALL.into_iter().find(|change| change.as_word() == first(&found));
        let allowed = || {
            let some: Vec<&str> =
                Change::ALL.into_iter().filter(|change| options.allows(*change)).map(Change::as_word).collect();
            Refused::NoChange(some.join(", "))
        };
        begins.filter(|change| options.allows(*change)).ok_or_else(allowed)?;
        // An INSERT may update or replace what is in its way, and an UPDATE too; nothing deletes besides.
        let also = written(&found).skip(1);
        match also
            .into_iter()
            .find(|change| !matches!(change, Change::Update | Change::Replace) || !options.allows(*change))
        {
            Some(change) => Err(Refused::Word(change.as_word().into())),
            None => Ok(Self(text)),
        }
    }

    /// The statement.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The one statement of a text, without comments and what ends it, and its tokens.
fn one(text: &str, values: usize) -> Result<(String, Vec<Token>), Refused> {
    if text.len() > MOST_BYTES {
        return Err(Refused::Length);
    }
    let mut found = tokens(text)?;
    while found.last().is_some_and(|last| last.kind == Kind::End) {
        found.pop();
    }
    if found.is_empty() {
        return Err(Refused::Length);
    }
    balanced(&found)?;
    found.iter().try_for_each(|token| reserved(&token.kind))?;
    let wanted = parameters(&found);
    if wanted != values {
        return Err(Refused::Parameters { wanted, given: values });
    }
    Ok((plain(text, &found), found))
}

/// Nothing ends the statement before its end, and nothing closes what it did not open.
fn balanced(found: &[Token]) -> Result<(), Refused> {
    let mut open = 0_usize;
    for token in found {
        match token.kind {
            Kind::End => return Err(Refused::Several),
            Kind::Open => open += 1,
            Kind::Close => open = open.checked_sub(1).ok_or(Refused::Parentheses)?,
            _ => {}
        }
    }
    if open == 0 { Ok(()) } else { Err(Refused::Parentheses) }
}

fn reserved(kind: &Kind) -> Result<(), Refused> {
    let (Kind::Word(text) | Kind::Quoted(text)) = kind else { return Ok(()) };
    if matches!(kind, Kind::Word(_)) && NEVER.contains(&text.as_str()) {
        return Err(Refused::Word(text.clone()));
    }
    let name = text.to_ascii_lowercase();
    if RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        return Err(Refused::Name(name.chars().take(64).collect()));
    }
    Ok(())
}

/// The number of the last parameter: one without a number follows the greatest before it.
fn parameters(found: &[Token]) -> usize {
    found.iter().fold(0, |greatest, token| match token.kind {
        Kind::Parameter(None) => greatest + 1,
        Kind::Parameter(Some(number)) => greatest.max(number.into()),
        _ => greatest,
    })
}

fn first(found: &[Token]) -> &str {
    match found.first().map(|token| &token.kind) {
        Some(Kind::Word(word)) => word,
        _ => "",
    }
}

/// The words that change rows, in their order. `replace(…)` is a function.
fn written(found: &[Token]) -> impl Iterator<Item = Change> {
    let next = found.iter().skip(1).map(|token| Some(&token.kind)).chain([None]);
    found.iter().zip(next).filter_map(|(token, next)| {
        let Kind::Word(word) = &token.kind else { return None };
        let change = Change::ALL.into_iter().find(|change| change.as_word() == word)?;
        (change != Change::Replace || next != Some(&Kind::Open)).then_some(change)
    })
}

/// The text with a blank in place of every comment.
fn plain(text: &str, found: &[Token]) -> String {
    let (mut plain, mut end) = (String::with_capacity(text.len()), None);
    for token in found {
        if end.is_some_and(|end| end != token.place.start) {
            plain.push(' ');
        }
        plain.push_str(text.get(token.place.clone()).unwrap_or_default());
        end = Some(token.place.end);
    }
    plain
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;
