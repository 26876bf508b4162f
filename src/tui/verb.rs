//! Commands of the palette that take an argument: `:goto 2h`, `:export csv FILE`, …

macro_rules! verbs {
    ($($variant:ident $name:literal $argument:literal $doc:literal)*) => {
        /// A command with an argument.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Verb {
            $(#[doc = $doc] $variant,)*
        }

        impl Verb {
            /// In the order of the palette.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As typed.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What has to follow; empty = nothing.
            pub fn argument(self) -> &'static str {
                match self { $(Self::$variant => $argument,)* }
            }

            /// One line of help.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

verbs! {
    Query "query" "TEXT" "search for something else"
    Goto "goto" "TIME" "go to a moment: 2h, yesterday 14:00, 2026-03-01T10:00Z"
    Since "since" "TIME" "only events from a time on"
    Until "until" "TIME" "only events before a time"
    Export "export" "FORMAT FILE" "write what matches to a new file"
    Write "write" "FILE" "the same, with the format by the file's name (.jsonl .csv .md .log)"
    Report "report" "FILE" "the same as an access report: who looked, when, at what, and whether it can be trusted"
    Integrity "integrity" "FILE" "write what the chain check found to a report: findings, and the hash of every file"
    Tz "tz" "ZONE" "show times in another zone"
    Columns "columns" "A,B,C" "choose the columns of the list; auto = by the width of the screen"
    Facet "facet" "PATH" "count another field or attribute in the filter pane"
    Theme "theme" "NAME" "change the colours"
    Save "save" "NAME" "keep this view under a name"
    Resume "resume" "NAME" "come back to a view that was kept"
    Runbook "runbook" "ID" "open a runbook"
    RunReport "run-report" "FILE" "write a report of the runbook's run (.md .html .json)"
    Leave "q" "" "leave the explorer"
}

impl Verb {
    pub fn find(name: &str) -> Option<Self> {
        let leaves = matches!(name, "q!" | "qa" | "wq" | "x" | "exit");
        let named = Self::ALL.iter().copied().find(|v| v.name() == name);
        named.or(leaves.then_some(Self::Leave))
    }
}
