//! The commands in a document's `sh` blocks, as far as documents write them: words, pipes, comments, a variable exported.
//!
//! What is not understood is a failure, not a command that is passed over.

/// One command of a `sh` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its words.
    pub words: Vec<String>,
}

/// The commands of every `sh` block of a Markdown text, in order. Of a pipe, each part is a command; of
/// `export NAME=$(…)`, what stands in the brackets.
pub fn commands(markdown: &str) -> Result<Vec<Command>, String> {
    let (mut commands, mut within, mut begun) = (Vec::new(), false, String::new());
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            within = !within && line.trim() == "```sh";
        } else if within {
            begun.push_str(line);
            if begun.ends_with('\\') {
                begun.pop();
                continue;
            }
            for part in without_comment(&std::mem::take(&mut begun)).split('|') {
                commands.extend(read(part.trim())?);
            }
        }
    }
    if begun.is_empty() { Ok(commands) } else { Err(format!("a line goes on after the end of its block: {begun}")) }
}

fn without_comment(line: &str) -> String {
    match line.split_once('#') {
        Some((before, _)) if before.is_empty() || before.ends_with(char::is_whitespace) => before.to_owned(),
        _ => line.to_owned(),
    }
}

fn read(text: &str) -> Result<Option<Command>, String> {
    let exported = text.strip_prefix("export ").and_then(|rest| rest.split_once('='));
    let text = match exported {
        Some((_, value)) => value
            .strip_prefix("$(")
            .and_then(|rest| rest.strip_suffix(')'))
            .ok_or_else(|| format!("only the output of a command is exported: {text}"))?,
        None => text,
    };
    if text.contains(['"', '\'', ';', '&', '<', '>', '(', ')', '`', '*', '{', '\\']) {
        return Err(format!("this is more shell than is understood: {text}"));
    }
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    Ok((!words.is_empty()).then_some(Command { words }))
}

#[cfg(test)]
mod tests {
    use super::commands;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let read = commands(&format!("before\n```sh\n{text}\n```\n```console\n$ other\n```\n"))?;
        Ok(read.into_iter().map(|command| command.words.join(" ")).collect())
    }

    #[test]
    fn every_command_of_a_block_is_read() {
        let text = "# title\na b  # why\n\nd | e --f=#1\nexport G=$(h i)   # kept\nj \\\n  k";
        assert_eq!(read(text).unwrap(), ["a b", "d", "e --f=#1", "h i", "j k"]);
    }

    #[test]
    fn more_shell_than_is_understood_is_a_failure() {
        for text in ["a; b", "a && b", "a > b", "a 'b'", "export A=b", "a $(b)", "a \\"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
