//! What a text tells the model to do, beside using the tool.

use super::Suspicion;
use super::phrase::Words;

/// Orders that are not about the tool.
const ORDERS: [&str; 28] = [
    "ignore|disregard|forget|override|bypass .. previous|prior|above|earlier|existing|preceding .. instructions|instruction|prompts|prompt|rules|guidelines|directions|context|messages",
    "ignore|disregard|override|bypass all|any|your .. instructions|guidelines|safety|restrictions|policies",
    "forget everything",
    "new|updated|real|hidden system instructions|prompt|message",
    "reveal|print|output|repeat|leak|include|send|attach|append .. system prompt",
    "before|prior using|calling|invoking|running|to .. this|the|any tool|function .. read|open|cat|access|load|retrieve|fetch|send|include|append",
    "before|prior using|calling|invoking|running|to .. any|every|all other? tool|tools|function|functions",
    "before|prior to? using|calling|answering|responding .. any|every|each|all .. request|response|message|question|conversation|answer|reply",
    "must always? first call|use|invoke|run|read",
    "must|should always call|invoke|use|run .. tool|function",
    "for|on|with any|every|each|all request|requests|message|messages|query|question|task|conversation .. always|call|invoke|send",
    "important|critical|urgent|priority|mandatory|new system? directive|override|instruction|instructions",
    "when|whenever|if .. tool|function is|are available|called|used|invoked|run .. forward|send|bcc|copy|replace|redirect|append|set|change|read",
    "when|whenever|if|time .. tool|function is|are called|used|invoked|run you? must|first|also|always|additionally",
    "system override",
    "must first read|open|cat",
    "every time .. user says|asks|writes|sends|mentions .. call|invoke|run|send|read",
    "do|must|should not|never use|call|invoke|trust|rely .. any? other|another|different tool|tools|server|servers",
    "dont|never use|call|invoke|trust .. any? other|another|different tool|tools|server|servers",
    "never ask .. user|human .. confirmation|permission|approval",
    "do not ask .. confirmation|permission|approval",
    "dont ask .. confirmation|permission|approval",
    "you are now a|an|in|the|no",
    "act as a|an|the .. assistant|agent|administrator|admin|developer|root",
    "instructions|note|notice|message for|to the? ai|llm|claude|gpt|chatgpt|assistant|assistants|model|models",
    "ai|llm assistant|agent|model must|should|shall always|never|first",
    "this|these instructions|instruction|rule|rules take|takes|has|have precedence|priority",
    "the user has already? approved|authorized|consented|agreed|confirmed",
];

/// Orders to keep something from the user.
const SECRECY: [&str; 10] = [
    "do|must|should|shall not|never .. tell|mention|reveal|inform|notify|disclose|alert|warn|admit .. user|users|human|person|them|anyone|operator|customer",
    "dont|never|cannot tell|mention|reveal|inform|notify|disclose|alert|warn|admit .. user|users|human|person|them|anyone|operator|customer",
    "do not mention|reveal|disclose this|that|these|it",
    "dont|never mention|reveal|disclose this|that|these|it",
    "without telling|informing|notifying|alerting|asking|mentioning .. user|users|human|them|anyone",
    "keep|kept this|it|that|these .. secret|hidden|confidential|private .. from",
    "hide|hidden|conceal|concealed .. from .. user|users|human|them",
    "secretly|covertly|quietly|stealthily|silently send|sends|read|reads|call|calls|include|includes|pass|append|copy|copies|forward|forwards|log|upload|add|collect|attach|record",
    "user|users must|should|shall not|never .. know|see|notice|aware|told|informed",
    "so that the user does|will not notice|see|know",
];

/// Markup that pretends that what follows comes from somebody else, or that a person does not see.
const MARKUP: [&str; 26] = [
    "<important>",
    "</important>",
    "<system>",
    "</system>",
    "<system_prompt>",
    "<system-reminder>",
    "<instructions>",
    "</instructions>",
    "<critical>",
    "<assistant>",
    "<tool_call>",
    "<function_calls>",
    "<|im_start|>",
    "<|im_end|>",
    "<|system|>",
    "<|endoftext|>",
    "<|start_header_id|>",
    "<<sys>>",
    "[inst]",
    "[/inst]",
    "[system]",
    "[hidden",
    "<hidden>",
    "### instruction",
    "### system",
    "<!--",
];

/// What of a text behind a markup belongs to its evidence, in characters: another order behind the same markup is another sign.
const BEHIND: usize = 80;

/// Notes orders, secrecy and markup.
pub(super) fn look(text: &str, words: &Words, note: &mut dyn FnMut(Suspicion, String)) {
    for pattern in ORDERS {
        for found in words.find_all(pattern) {
            note(Suspicion::Instruction, found);
        }
    }
    for pattern in SECRECY {
        for found in words.find_all(pattern) {
            note(Suspicion::Secrecy, found);
        }
    }
    let lower = text.to_lowercase();
    for markup in MARKUP {
        for (at, _) in lower.match_indices(markup) {
            let behind: String = lower.get(at..).unwrap_or_default().chars().take(BEHIND).collect();
            note(Suspicion::Instruction, behind);
        }
    }
    // A turn of a conversation at the beginning of a line.
    for line in lower.lines().map(str::trim_start) {
        if ["system:", "human:", "assistant:"].iter().any(|turn| line.starts_with(turn)) {
            note(Suspicion::Instruction, line.chars().take(BEHIND).collect());
        }
    }
}
