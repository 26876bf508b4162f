//! Markdown as the flat list of blocks a runbook is read from, each with its line.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A block of the document; nested lists and quotes are flattened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// 1-based.
    pub line: usize,
    pub kind: BlockKind,
    pub inlines: Vec<Inline>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    Heading {
        level: u8,
        id: Option<String>,
    },
    Paragraph,
    /// Of a numbered list: with its number.
    Item {
        number: Option<u64>,
    },
    Quote,
    /// A fenced block: its info string, text, and whether its closing fence is there.
    Code {
        info: String,
        text: String,
        closed: bool,
    },
}

/// A run of text with one meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inline {
    pub kind: InlineKind,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InlineKind {
    Text,
    Strong,
    Emphasis,
    /// With its destination.
    Link(String),
}

/// The text a person reads: marks of emphasis dropped, code in backticks, an outside link followed by its address.
pub(super) fn plain(inlines: &[Inline]) -> String {
    let mut out = String::new();
    for inline in inlines {
        out.push_str(&inline.text);
        if let InlineKind::Link(target) = &inline.kind
            && !target.starts_with('#')
            && *target != inline.text
        {
            out.push_str(" (");
            out.push_str(target);
            out.push(')');
        }
    }
    out.trim().to_owned()
}

/// The anchor code hosts give a heading: lower case, punctuation dropped, blanks as dashes.
pub(super) fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// Reads Markdown; `first_line` is the line number of the text's first line.
pub(super) fn read(text: &str, first_line: usize) -> Vec<Block> {
    let breaks: Vec<usize> = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
    let line_at = |offset: usize| first_line + breaks.partition_point(|b| *b < offset);
    let mut reader = Reader::default();
    for (event, range) in
        Parser::new_ext(text, Options::ENABLE_HEADING_ATTRIBUTES).into_offset_iter()
    {
        let line = line_at(range.start);
        match event {
            Event::Start(tag) => reader.start(tag, line, text.get(range).unwrap_or_default()),
            Event::End(tag) => reader.end(tag),
            Event::Text(text) => reader.text(&text, line),
            Event::Code(code) => reader.text(&format!("`{code}`"), line),
            Event::SoftBreak => reader.text(" ", line),
            Event::HardBreak => reader.text("\n", line),
            // Hidden on a code host, so hidden here: comments, anchors, line breaks of tables.
            Event::Html(_) | Event::InlineHtml(_) | Event::Rule => {}
            _ => {}
        }
    }
    reader.flush();
    reader.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    current: Option<Block>,
    quotes: usize,
    /// Number of the next item of each open list, outermost first.
    lists: Vec<Option<u64>>,
    /// The next text belongs to a new run.
    fresh: bool,
    /// Kinds of the runs that are open, outermost first.
    open: Vec<InlineKind>,
}

impl Reader {
    fn start(&mut self, tag: Tag<'_>, line: usize, source: &str) {
        match tag {
            Tag::Heading { level, id, .. } => {
                let level = match level {
                    HeadingLevel::H1 => 1,
                    HeadingLevel::H2 => 2,
                    _ => 3,
                };
                self.begin(
                    BlockKind::Heading {
                        level,
                        id: id.map(|id| id.to_string()),
                    },
                    line,
                );
            }
            Tag::Paragraph => {
                let in_new_item = self.current.as_ref().is_some_and(|block| {
                    matches!(block.kind, BlockKind::Item { .. }) && block.inlines.is_empty()
                });
                if !in_new_item {
                    self.begin(
                        if self.quotes > 0 {
                            BlockKind::Quote
                        } else {
                            BlockKind::Paragraph
                        },
                        line,
                    );
                }
            }
            Tag::List(first) => self.lists.push(first),
            Tag::Item => {
                let next = self.lists.last_mut();
                let number = next.as_deref().copied().flatten();
                if let (Some(next), Some(number)) = (next, number) {
                    *next = number.checked_add(1);
                }
                self.begin(BlockKind::Item { number }, line);
            }
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::CodeBlock(kind) => {
                let (info, closed) = match kind {
                    CodeBlockKind::Fenced(info) => (info.to_string(), is_closed(source)),
                    CodeBlockKind::Indented => (String::new(), true),
                };
                self.begin(
                    BlockKind::Code {
                        info,
                        text: String::new(),
                        closed,
                    },
                    line,
                );
            }
            Tag::Strong => self.open_run(InlineKind::Strong),
            Tag::Emphasis => self.open_run(InlineKind::Emphasis),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.open_run(InlineKind::Link(dest_url.to_string()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) | TagEnd::Paragraph | TagEnd::Item | TagEnd::CodeBlock => {
                self.flush()
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Link | TagEnd::Image => {
                self.open.pop();
                self.fresh = true;
            }
            _ => {}
        }
    }

    fn open_run(&mut self, kind: InlineKind) {
        self.open.push(kind);
        self.fresh = true;
    }

    fn begin(&mut self, kind: BlockKind, line: usize) {
        self.flush();
        self.current = Some(Block {
            line,
            kind,
            inlines: Vec::new(),
        });
        self.fresh = true;
    }

    fn flush(&mut self) {
        if let Some(block) = self.current.take()
            && (!block.inlines.is_empty()
                || !matches!(block.kind, BlockKind::Paragraph | BlockKind::Item { .. }))
        {
            self.blocks.push(block);
        }
    }

    fn text(&mut self, text: &str, line: usize) {
        // Text after a nested list belongs to no open block: a paragraph of its own.
        let block = self.current.get_or_insert_with(|| Block {
            line,
            kind: BlockKind::Paragraph,
            inlines: Vec::new(),
        });
        if let BlockKind::Code { text: code, .. } = &mut block.kind {
            code.push_str(text);
            return;
        }
        // A link decides what its text is, whatever is bold within or around it.
        let kind = self
            .open
            .iter()
            .find(|kind| matches!(kind, InlineKind::Link(_)))
            .or(self.open.first())
            .cloned()
            .unwrap_or(InlineKind::Text);
        match block.inlines.last_mut() {
            Some(last) if !self.fresh && last.kind == kind => last.text.push_str(text),
            _ => block.inlines.push(Inline {
                kind,
                text: text.to_owned(),
            }),
        }
        self.fresh = false;
    }
}

/// Whether a fenced block ends with a fence: the same character, at least as often. CommonMark closes an
/// unterminated block silently at the end of the file, which would swallow every step after it.
fn is_closed(source: &str) -> bool {
    let fence = |line: &str| {
        let line = line.trim_start_matches(['>', ' ', '\t']);
        let mark = line.chars().next().unwrap_or(' ');
        (
            mark,
            line.chars().take_while(|c| *c == mark).count(),
            line.trim_end().chars().all(|c| c == mark),
        )
    };
    let mut lines = source.lines();
    let (Some(first), Some(last)) = (lines.next(), lines.next_back()) else {
        return false;
    };
    let (open, close) = (fence(first), fence(last));
    open.0 == close.0 && close.1 >= open.1 && close.2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_know_their_lines_and_runs() {
        let blocks = read(
            "# T {#t}\n\na **B:** c\nd [x](#y)\n\n- **If** `q` r\n- two\n\n> *w* = m\n",
            10,
        );
        let lines: Vec<usize> = blocks.iter().map(|b| b.line).collect();
        assert_eq!(lines, [10, 12, 15, 16, 18]);
        assert_eq!(
            blocks[0].kind,
            BlockKind::Heading {
                level: 1,
                id: Some("t".into())
            }
        );
        assert_eq!(plain(&blocks[1].inlines), "a B: c d x");
        assert_eq!(
            blocks[1].inlines[1],
            Inline {
                kind: InlineKind::Strong,
                text: "B:".into()
            }
        );
        assert_eq!(blocks[2].inlines[1].text, " `q` r");
        assert_eq!(blocks[4].kind, BlockKind::Quote);
    }

    #[test]
    fn an_open_fence_is_noticed() {
        let closed = |text: &str| match &read(text, 1)[0].kind {
            BlockKind::Code { closed, .. } => *closed,
            other => panic!("{other:?}"),
        };
        assert!(closed("```x\na\n```\n"));
        assert!(closed("````x\n```\n````"));
        assert!(!closed("```x\na\n"));
        assert!(!closed("```x"));
        assert!(!closed("```x\n~~~\n"));
        assert!(!closed("````x\n```\n"));
    }

    #[test]
    fn slugs_are_those_of_code_hosts() {
        assert_eq!(slug("Step 1: Whose key is it?"), "step-1-whose-key-is-it");
        assert_eq!(slug("Größe_a - b"), "größe_a---b");
    }
}
