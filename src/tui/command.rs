//! Every command of the explorer, each with the name it has in the keymap and one line of help.

use super::widget::line_editor::Edit;

macro_rules! commands {
    ($($variant:ident $name:literal $doc:literal)*) => {
        /// What a person can do, bindable to a key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Command {
            $(#[doc = $doc] $variant,)*
        }

        impl Command {
            /// In the order of the help.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Kebab-case, as in the keymap.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One line of help.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

commands! {
    Down "down" "move down"
    Up "up" "move up"
    PageDown "page-down" "one page down"
    PageUp "page-up" "one page up"
    HalfPageDown "half-page-down" "half a page down"
    HalfPageUp "half-page-up" "half a page up"
    Top "top" "to the first (in the list: the oldest event)"
    Bottom "bottom" "to the last (in the list: the newest event, and follow)"
    Left "left" "to the left: a column, a moment; folds"
    Right "right" "to the right: a column, a moment; unfolds"
    Open "open" "open what is selected"
    FilterIn "filter-in" "keep only this value (second: either)"
    FilterOut "filter-out" "leave events with this value out"
    GoToTime "go-to-time" "go to a moment: a time, a date, 2h ago, yesterday 14:00"
    HourBack "hour-back" "an hour back"
    HourForward "hour-forward" "an hour forward"
    DayBack "day-back" "a day back"
    DayForward "day-forward" "a day forward"
    Back "back" "back to the view before the query changed"
    Forward "forward" "forward again, after going back"
    Context "context" "show what matches among its neighbours, or filter again"
    NextMatch "next-match" "to the next match"
    PreviousMatch "previous-match" "to the previous match"
    Timeline "timeline" "the timeline: show it, go to it, leave it"
    HideTimeline "hide-timeline" "hide the timeline"
    SelectSpan "select-span" "begin or drop a selection of time"
    ZoomIn "zoom-in" "only the selected span of time"
    ZoomOut "zoom-out" "the span of time before the last zoom"
    Mark "mark" "mark this event, or take the mark away"
    NextMark "next-mark" "to the next mark or note"
    PreviousMark "previous-mark" "to the previous mark or note"
    Annotate "annotate" "write a note on this event (an empty one deletes it)"
    Pivot "pivot" "search by what this event has: actor, session, ip, target, time"
    PivotActor "pivot-actor" "everything of the same actor"
    PivotSession "pivot-session" "everything of the same session"
    PivotIp "pivot-ip" "everything from the same address"
    PivotTarget "pivot-target" "everything done to the same target"
    PivotTime "pivot-time" "everything from five minutes before to five after"
    PivotTimeline "pivot-timeline" "the same session, with times as distances to this event"
    TimeStyle "time-style" "times by the clock, from now, or from the selected event"
    TimeZone "time-zone" "times in UTC, in this machine's zone, or in the configured one"
    Columns "columns" "choose the columns of the list"
    ToggleColumn "toggle-column" "show this column or not"
    ColumnLeft "column-left" "move this column to the left"
    ColumnRight "column-right" "move this column to the right"
    ColumnsByWidth "columns-by-width" "let the width of the screen choose the columns again"
    Follow "follow" "follow new events, or stop following"
    NextBreak "next-break" "to the next break of a hash chain"
    PreviousBreak "previous-break" "to the previous break of a hash chain"
    NextFailure "next-failure" "to the next failure or denial"
    PreviousFailure "previous-failure" "to the previous failure or denial"
    EditQuery "edit-query" "edit the query"
    ClearQuery "clear-query" "show everything again"
    OlderQuery "older-query" "an earlier query, or up in suggestions"
    NewerQuery "newer-query" "a later query, or down in suggestions"
    NextSuggestion "next-suggestion" "suggestions; then the next one"
    PreviousSuggestion "previous-suggestion" "the previous suggestion"
    Retry "retry" "ask again, after an error too"
    Unpark "unpark" "bring your own query back"
    Fix "fix" "rewrite the query as the notice offers"
    Filters "filters" "the filter pane: active filters and counts"
    Runbooks "runbooks" "the runbook pane"
    NextPane "next-pane" "to the next open pane"
    PreviousPane "previous-pane" "to the previous open pane"
    ToggleChip "toggle-chip" "keep only this value; switch a filter; fold a field"
    DeleteChip "delete-chip" "delete this filter, or added field"
    NegateChip "negate-chip" "turn this filter into its opposite"
    EditChip "edit-chip" "edit this filter in the query bar"
    AllChips "all-chips" "switch all filters off or on"
    AddFacet "add-facet" "count another field or attribute"
    SortFacets "sort-facets" "most frequent or rarest values first"
    Narrow "narrow" "type to narrow the values shown"
    Fold "fold" "fold or unfold this group"
    ToggleRaw "toggle-raw" "the record as it was read, or the tree"
    SearchInside "search-inside" "look for a text inside the event"
    NextHit "next-hit" "to the next place where it was found"
    PreviousHit "previous-hit" "to the previous place where it was found"
    NextPart "next-part" "to the next part: attributes, session, chain"
    PreviousPart "previous-part" "to the previous part"
    EditInputs "edit-inputs" "the runbook's inputs again; its steps follow"
    DropRun "drop-run" "drop this run, to begin anew"
    AnotherRun "another-run" "another run of this runbook, beside those there are"
    NextRun "next-run" "the next run of this runbook"
    Pin "pin" "keep this event as evidence of the runbook's step, or no longer"
    ListPins "list-pins" "list the events kept as evidence of this run"
    StepDone "step-done" "this step is done (again: not yet)"
    StepSkipped "step-skipped" "this step is skipped (again: not yet)"
    StepBlocked "step-blocked" "this step is blocked (again: not yet)"
    StepNote "step-note" "write a note on this step (an empty one deletes it)"
    KeepQuery "keep-query" "let the step ask for the query in force from now on"
    StepQuery "step-query" "let the step ask for what the runbook says again"
    HandOver "hand-over" "the text to hand over, filled in with what was found; copied with it"
    EditLine "edit-line" "change this line of the text to hand over (without text it is taken out)"
    AddLine "add-line" "add a line below this one"
    FillAnew "fill-anew" "fill the text in anew, with what was found since"
    RunReport "run-report" "write a report of this run: .md, .html or .json"
    Branch1 "branch-1" "take the first branch"
    Branch2 "branch-2" "take the second branch"
    Branch3 "branch-3" "take the third branch"
    Branch4 "branch-4" "take the fourth branch"
    Apply "apply" "apply"
    NextInput "next-input" "to the next input"
    PreviousInput "previous-input" "to the previous input"
    NextOffer "next-offer" "the next offered value"
    CursorLeft "cursor-left" "cursor left"
    CursorRight "cursor-right" "cursor right"
    WordLeft "word-left" "cursor one word left"
    WordRight "word-right" "cursor one word right"
    LineStart "line-start" "cursor to the start"
    LineEnd "line-end" "cursor to the end"
    Backspace "backspace" "delete the character before the cursor"
    Delete "delete" "delete the character under the cursor"
    DeleteWord "delete-word" "delete the word before the cursor"
    DeleteToStart "delete-to-start" "delete to the start"
    DeleteToEnd "delete-to-end" "delete to the end"
    Palette "palette" "every command by name; lines such as goto 2h, export csv FILE"
    Complete "complete" "complete the line as selected"
    CopyValue "copy-value" "copy the value under the cursor"
    CopyRecord "copy-record" "copy the record as it was read"
    CopyCommand "copy-command" "copy this view as a shell command"
    Export "export" "write what matches to a file"
    Sources "sources" "the sources: how far, how late, what is wrong, their chains"
    ReadAs "read-as" "read this source as another format"
    Mute "mute" "leave this source out, or take it in again"
    Integrity "integrity" "can these logs be trusted? what the chain check found, source by source"
    Evidence "evidence" "write what the chain check found to a report"
    SaveSession "save-session" "keep this view under a name"
    OpenSession "open-session" "come back to a view that was kept"
    Help "help" "this help"
    Close "close" "close the topmost thing"
    Quit "quit" "close the topmost thing, at last the explorer"
    Interrupt "interrupt" "stop running work, then quit"
    Suspend "suspend" "back to the shell for now; fg comes here again"
    Redraw "redraw" "draw the screen again"
}

impl Command {
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.name() == name)
    }

    /// What it does to a line of text that is being written.
    pub fn edit(self) -> Option<Edit> {
        Some(match self {
            Self::CursorLeft => Edit::Left,
            Self::CursorRight => Edit::Right,
            Self::WordLeft => Edit::WordLeft,
            Self::WordRight => Edit::WordRight,
            Self::LineStart => Edit::Home,
            Self::LineEnd => Edit::End,
            Self::Backspace => Edit::Backspace,
            Self::Delete => Edit::Delete,
            Self::DeleteWord => Edit::DeleteWord,
            Self::DeleteToStart => Edit::DeleteToStart,
            Self::DeleteToEnd => Edit::DeleteToEnd,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_and_found() {
        for command in Command::ALL {
            assert_eq!(Command::find(command.name()), Some(*command));
            assert!(
                command
                    .name()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
        }
    }
}
