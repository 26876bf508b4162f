//! What the terminal can show, read from the variables it is described by: how many colours, on which background,
//! which letters.

/// How many colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Attributes alone: bold, dim, reversed, underlined.
    None,
    #[default]
    Sixteen,
    Indexed,
    True,
}

impl Depth {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sixteen => "16",
            Self::Indexed => "256",
            Self::True => "truecolor",
        }
    }
}

/// What text stands on, if the terminal says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    Dark,
    Light,
}

/// The variables that describe a terminal, taken once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    pub term: String,
    pub colorterm: String,
    pub colorfgbg: String,
    /// The first set and non-empty of `LC_ALL`, `LC_CTYPE`, `LANG`.
    pub locale: Option<String>,
    /// Runs in tmux, in GNU screen.
    pub tmux: bool,
    pub screen: bool,
    /// What calls itself the terminal program.
    pub program: String,
}

impl Terminal {
    /// `get` looks a variable up.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| get(name).unwrap_or_default();
        let is_set = |name: &str| !text(name).is_empty();
        let term = text("TERM");
        Self {
            colorterm: text("COLORTERM"),
            colorfgbg: text("COLORFGBG"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"]
                .iter()
                .find_map(|name| get(name).filter(|v| !v.is_empty())),
            tmux: is_set("TMUX"),
            screen: is_set("STY"),
            program: text("TERM_PROGRAM"),
            term,
        }
    }

    /// How many colours it can show.
    pub fn depth(&self) -> Depth {
        let term = self.term.as_str();
        // GNU screen hands COLORTERM of the outer terminal on without being able to show what it promises.
        let told = if self.screen && !self.tmux {
            ""
        } else {
            self.colorterm.as_str()
        };
        match (told, term) {
            (_, "dumb") => Depth::None,
            (_, "linux") => Depth::Sixteen,
            ("truecolor" | "24bit", _) => Depth::True,
            (_, term) if term.ends_with("-direct") => Depth::True,
            (_, term) if term.contains("256") => Depth::Indexed,
            _ => Depth::Sixteen,
        }
    }

    /// From `COLORFGBG` (`15;0`), which few terminals set; most say nothing.
    pub fn background(&self) -> Option<Background> {
        let (_, last) = self.colorfgbg.rsplit_once(';')?;
        match last.parse::<u8>().ok()? {
            7 | 9..=15 => Some(Background::Light),
            0..=6 | 8 => Some(Background::Dark),
            _ => None,
        }
    }

    pub fn is_utf8(&self) -> bool {
        let locale = self.locale.as_deref().unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    }

    /// Letters of other scripts and signs can be shown. The console of Linux has too few of them in its fonts.
    pub fn is_unicode(&self) -> bool {
        self.is_utf8() && self.term != "linux" && self.term != "dumb"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(variables: &[(&str, &str)]) -> Terminal {
        Terminal::read(|name| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colours_are_as_many_as_the_terminal_says() {
        for (variables, depth) in [
            (&[("TERM", "xterm")][..], Depth::Sixteen),
            (&[("TERM", "xterm-256color")], Depth::Indexed),
            (
                &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
                Depth::True,
            ),
            (&[("TERM", "xterm-direct")], Depth::True),
            (
                &[
                    ("TERM", "screen-256color"),
                    ("COLORTERM", "truecolor"),
                    ("STY", "1.a"),
                ],
                Depth::Indexed,
            ),
            (
                &[("TERM", "linux"), ("COLORTERM", "truecolor")],
                Depth::Sixteen,
            ),
            (&[("TERM", "dumb")], Depth::None),
            (&[], Depth::Sixteen),
        ] {
            assert_eq!(terminal(variables).depth(), depth, "{variables:?}");
        }
    }

    #[test]
    fn the_background_is_known_only_where_it_is_told() {
        for (value, background) in [
            ("15;0", Some(Background::Dark)),
            ("0;15", Some(Background::Light)),
            ("0;default;15", Some(Background::Light)),
            ("15;default", None),
            ("", None),
        ] {
            let terminal = terminal(&[("COLORFGBG", value)]);
            assert_eq!(terminal.background(), background, "{value}");
        }
    }

    #[test]
    fn letters_follow_the_locale_and_the_console_has_few() {
        for (variables, unicode) in [
            (&[("LANG", "en_US.UTF-8"), ("TERM", "xterm")][..], true),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], false),
            (&[("LC_ALL", ""), ("LANG", "C.utf8")], true),
            (&[("LANG", "en_US.UTF-8"), ("TERM", "linux")], false),
            (&[("LANG", "de_AT@euro")], false),
            (&[], false),
        ] {
            assert_eq!(terminal(variables).is_unicode(), unicode, "{variables:?}");
        }
    }
}
