//! The words after a command.

use crate::failure::Failure;

/// The words of a command line that nobody has taken yet.
#[derive(Debug)]
pub struct Arguments {
    words: Vec<String>,
}

impl Arguments {
    /// The words after the command's name.
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        Self { words: words.into_iter().collect() }
    }

    /// Takes `name` when it is there.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() < before
    }

    /// Takes every `name VALUE` and `name=VALUE`, in order.
    pub fn values(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        let mut words = std::mem::take(&mut self.words).into_iter();
        while let Some(word) = words.next() {
            if word == name {
                taken.push(words.next().ok_or_else(|| Failure::Usage(format!("{name} wants a value")))?);
            } else if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
                taken.push(value.to_owned());
            } else {
                left.push(word);
            }
        }
        self.words = left;
        Ok(taken)
    }

    /// Takes the one `name VALUE`; said twice, the last counts.
    pub fn value(&mut self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.values(name)?.pop())
    }

    /// Takes the one `name VALUE` that must be there.
    pub fn required(&mut self, name: &str) -> Result<String, Failure> {
        self.value(name)?.ok_or_else(|| Failure::Usage(format!("{name} is missing")))
    }

    /// Takes the next word that is no option; take the options first. `what` names it when it is missing.
    pub fn next(&mut self, what: &str) -> Result<String, Failure> {
        if self.words.first().is_none_or(|word| word.starts_with("--")) {
            return Err(Failure::Usage(format!("{what} is missing")));
        }
        Ok(self.words.remove(0))
    }

    /// Takes `name N`.
    pub fn number<N: std::str::FromStr>(&mut self, name: &str, default: N) -> Result<N, Failure> {
        self.value(name)?.map_or(Ok(default), |text| {
            text.parse().map_err(|_| Failure::Usage(format!("{name} wants a number, not {text}")))
        })
    }

    /// Refuses words that nobody took.
    pub fn finish(self) -> Result<(), Failure> {
        self.words.first().map_or(Ok(()), |word| Err(Failure::Usage(format!("{word} is not understood here"))))
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn words(line: &str) -> Arguments {
        Arguments::new(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn both_forms_of_a_value_are_taken_and_repeats_keep_their_order() {
        let mut arguments = words("--var A=1 --port 9 --var=B=2=3");
        assert_eq!(arguments.values("--var").unwrap(), ["A=1", "B=2=3"]);
        assert_eq!(arguments.number("--port", 1_u16).unwrap(), 9);
        assert!(arguments.finish().is_ok());
    }

    #[test]
    fn a_value_that_is_missing_or_no_number_is_refused() {
        assert!(words("--var").values("--var").is_err());
        assert!(words("--port 70000").number("--port", 1_u16).is_err());
    }

    #[test]
    fn words_that_nobody_took_are_refused() {
        let mut arguments = words("--dev --prot 9");
        assert!(arguments.flag("--dev"));
        assert_eq!(arguments.finish().unwrap_err().to_string(), "--prot is not understood here");
    }
}
