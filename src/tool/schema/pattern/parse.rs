//! Reads a pattern (ECMA-262, section 22.2.1, Unicode mode) into a tree.

use super::{Edge, MAX_NESTING, Node, PatternError, Property, Set};

const DIGITS: &[(char, char)] = &[('0', '9')];
const NOT_DIGITS: &[(char, char)] = &[('\0', '/'), (':', char::MAX)];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
const NOT_WORD: &[(char, char)] = &[('\0', '/'), (':', '@'), ('[', '^'), ('`', '`'), ('{', char::MAX)];
const SPACE: &[(char, char)] = &[
    ('\t', '\r'),
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{feff}', '\u{feff}'),
];
const LINE_ENDS: &[(char, char)] = &[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')];

/// Reads a whole pattern.
pub(super) fn parse(text: &str) -> Result<Node, PatternError> {
    let mut reader = Reader { chars: text.chars().collect(), at: 0, levels_left: MAX_NESTING };
    let node = reader.choice()?;
    if reader.peek().is_some() { Err(PatternError::Malformed) } else { Ok(node) }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    levels_left: usize,
}

/// What stands for one character: a character itself (it may begin a range) or a whole class.
enum Atom {
    One(char),
    Class(Set),
}

impl Atom {
    fn ranges(ranges: &[(char, char)]) -> Self {
        Self::Class(Set { ranges: ranges.to_vec(), ..Set::default() })
    }
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let fits = text.chars().enumerate().all(|(offset, c)| self.chars.get(self.at + offset) == Some(&c));
        if fits {
            self.at += text.chars().count();
        }
        fits
    }

    fn choice(&mut self) -> Result<Node, PatternError> {
        let mut branches = vec![self.sequence()?];
        while self.eat("|") {
            branches.push(self.sequence()?);
        }
        Ok(Node::Choice(branches))
    }

    fn sequence(&mut self) -> Result<Node, PatternError> {
        let mut nodes = Vec::new();
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            let node = self.term()?;
            nodes.push(self.quantified(node)?);
        }
        Ok(Node::Sequence(nodes))
    }

    fn term(&mut self) -> Result<Node, PatternError> {
        match self.next().ok_or(PatternError::Malformed)? {
            '^' => Ok(Node::Edge(Edge::Start)),
            '$' => Ok(Node::Edge(Edge::End)),
            '(' => self.group(),
            '.' => Ok(Node::Set(Set { negated: true, ranges: LINE_ENDS.to_vec(), ..Set::default() })),
            '[' => self.class().map(Node::Set),
            '\\' if self.eat("b") => Ok(Node::Edge(Edge::Word)),
            '\\' if self.eat("B") => Ok(Node::Edge(Edge::NotWord)),
            '\\' => Ok(Node::Set(match self.escape()? {
                Atom::One(c) => Set { ranges: vec![(c, c)], ..Set::default() },
                Atom::Class(set) => set,
            })),
            '*' | '+' | '?' => Err(PatternError::Malformed),
            '{' if self.peek().is_some_and(|c| c.is_ascii_digit()) => Err(PatternError::Malformed),
            c => Ok(Node::Set(Set { ranges: vec![(c, c)], ..Set::default() })),
        }
    }

    fn group(&mut self) -> Result<Node, PatternError> {
        self.levels_left = self.levels_left.checked_sub(1).ok_or(PatternError::TooLarge)?;
        let look = [("?=", false, false), ("?!", false, true), ("?<=", true, false), ("?<!", true, true)]
            .into_iter()
            .find(|(sign, ..)| self.eat(sign));
        if look.is_none() && self.eat("?") && !self.eat(":") {
            self.group_name()?;
        }
        let node = self.choice()?;
        if !self.eat(")") {
            return Err(PatternError::Malformed);
        }
        self.levels_left += 1;
        Ok(match look {
            Some((_, behind, negated)) => Node::Look { node: Box::new(node), behind, negated },
            None => node,
        })
    }

    fn group_name(&mut self) -> Result<(), PatternError> {
        if !self.eat("<") {
            return Err(PatternError::Unsupported);
        }
        loop {
            match self.next() {
                Some('>') => return Ok(()),
                Some(c) if c.is_alphanumeric() || matches!(c, '_' | '$') => {}
                _ => return Err(PatternError::Malformed),
            }
        }
    }

    fn quantified(&mut self, node: Node) -> Result<Node, PatternError> {
        let Some((min, max)) = self.bounds()? else {
            return Ok(node);
        };
        let greedy = !self.eat("?");
        if matches!(node, Node::Edge(_)) || matches!(self.peek(), Some('*' | '+' | '?')) || self.at_counted() {
            return Err(PatternError::Malformed);
        }
        Ok(Node::Repeat { node: Box::new(node), min, max, greedy })
    }

    fn at_counted(&self) -> bool {
        self.peek() == Some('{') && self.chars.get(self.at + 1).is_some_and(char::is_ascii_digit)
    }

    /// The bounds of a quantifier, `None` when there is none. A `{` that counts nothing is itself (ECMA-262 annex B).
    fn bounds(&mut self) -> Result<Option<(u32, Option<u32>)>, PatternError> {
        for (sign, bounds) in [("*", (0, None)), ("+", (1, None)), ("?", (0, Some(1)))] {
            if self.eat(sign) {
                return Ok(Some(bounds));
            }
        }
        if !self.at_counted() {
            return Ok(None);
        }
        self.at += 1;
        let min = self.count()?.ok_or(PatternError::Malformed)?;
        let max = if self.eat(",") { self.count()? } else { Some(min) };
        if !self.eat("}") || max.is_some_and(|max| max < min) {
            return Err(PatternError::Malformed);
        }
        Ok(Some((min, max)))
    }

    fn count(&mut self) -> Result<Option<u32>, PatternError> {
        let mut count: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.at += 1;
            let longer = count.unwrap_or(0).checked_mul(10).and_then(|count| count.checked_add(digit));
            count = Some(longer.ok_or(PatternError::TooLarge)?);
        }
        Ok(count)
    }

    fn class(&mut self) -> Result<Set, PatternError> {
        let mut set = Set { negated: self.eat("^"), ..Set::default() };
        loop {
            let low = match self.class_atom()? {
                None => return Ok(set),
                Some(Atom::One(low)) => low,
                Some(Atom::Class(class)) => {
                    set.ranges.extend(class.ranges);
                    set.predicates.extend(class.predicates);
                    continue;
                }
            };
            let is_range = self.peek() == Some('-') && !matches!(self.chars.get(self.at + 1), None | Some(']'));
            if !is_range {
                set.ranges.push((low, low));
                continue;
            }
            self.at += 1;
            match self.class_atom()? {
                Some(Atom::One(high)) if low <= high => set.ranges.push((low, high)),
                _ => return Err(PatternError::Malformed),
            }
        }
    }

    /// The next member of a class, `None` at its end.
    fn class_atom(&mut self) -> Result<Option<Atom>, PatternError> {
        match self.next().ok_or(PatternError::Malformed)? {
            ']' => Ok(None),
            '\\' if self.eat("b") => Ok(Some(Atom::One('\u{8}'))),
            '\\' => self.escape().map(Some),
            c => Ok(Some(Atom::One(c))),
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<Atom, PatternError> {
        let atom = match self.next().ok_or(PatternError::Malformed)? {
            'd' => Atom::ranges(DIGITS),
            'D' => Atom::ranges(NOT_DIGITS),
            'w' => Atom::ranges(WORD),
            'W' => Atom::ranges(NOT_WORD),
            's' => Atom::ranges(SPACE),
            'S' => Atom::Class(Set { predicates: vec![(is_space, false)], ..Set::default() }),
            'p' => self.property(true)?,
            'P' => self.property(false)?,
            't' => Atom::One('\t'),
            'n' => Atom::One('\n'),
            'v' => Atom::One('\u{b}'),
            'f' => Atom::One('\u{c}'),
            'r' => Atom::One('\r'),
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => Atom::One('\0'),
            'c' => Atom::One(self.control()?),
            'x' => Atom::One(char::from_u32(self.hex(2)?).ok_or(PatternError::Malformed)?),
            'u' => Atom::One(self.code_point()?),
            '0'..='9' | 'k' => return Err(PatternError::Unsupported),
            c if c.is_ascii_alphabetic() => return Err(PatternError::Malformed),
            c => Atom::One(c),
        };
        Ok(atom)
    }

    fn control(&mut self) -> Result<char, PatternError> {
        match self.next() {
            Some(c) if c.is_ascii_alphabetic() => Ok(char::from(u8::try_from(c).unwrap_or_default() & 0x1f)),
            _ => Err(PatternError::Malformed),
        }
    }

    fn hex(&mut self, digits: usize) -> Result<u32, PatternError> {
        (0..digits).try_fold(0, |value, _| {
            let digit = self.next().and_then(|c| c.to_digit(16)).ok_or(PatternError::Malformed)?;
            Ok(value * 16 + digit)
        })
    }

    fn code_point(&mut self) -> Result<char, PatternError> {
        if self.eat("{") {
            let mut value = 0_u32;
            while let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) {
                self.at += 1;
                value = value.checked_mul(16).ok_or(PatternError::Malformed)? + digit;
            }
            let closed = self.eat("}");
            return char::from_u32(value).filter(|_| closed).ok_or(PatternError::Malformed);
        }
        let unit = self.hex(4)?;
        if (0xd800..0xdc00).contains(&unit) && self.eat("\\u") {
            let low = self.hex(4)?.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(PatternError::Malformed)?;
            return char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + low).ok_or(PatternError::Malformed);
        }
        char::from_u32(unit).ok_or(PatternError::Malformed)
    }

    fn property(&mut self, wanted: bool) -> Result<Atom, PatternError> {
        // Only properties the standard library decides exactly.
        const KNOWN: [(&str, Property); 13] = [
            ("{Alphabetic}", char::is_alphabetic),
            ("{Alpha}", char::is_alphabetic),
            ("{Uppercase}", char::is_uppercase),
            ("{Upper}", char::is_uppercase),
            ("{Lowercase}", char::is_lowercase),
            ("{Lower}", char::is_lowercase),
            ("{White_Space}", char::is_whitespace),
            ("{N}", char::is_numeric),
            ("{Number}", char::is_numeric),
            ("{Cc}", char::is_control),
            ("{Control}", char::is_control),
            ("{ASCII}", |c| c.is_ascii()),
            ("{Any}", |_| true),
        ];
        let known = KNOWN.iter().find(|(name, _)| self.eat(name)).ok_or(PatternError::Unsupported)?;
        Ok(Atom::Class(Set { predicates: vec![(known.1, wanted)], ..Set::default() }))
    }
}

fn is_space(c: char) -> bool {
    SPACE.iter().any(|(low, high)| (*low..=*high).contains(&c))
}
