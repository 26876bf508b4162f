//! Themes as data: which look each role has on terminals with 16, 256 and 16 million colours, read from
//! `assets/themes/*.toml` and from a file of the user's own.

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use toml::de::{DeTable, DeValue};

use super::Role;
use super::colour;
use crate::config::{ConfigError, Depth, line_of, syntax_errors};

const DARK: &str = include_str!("../../../assets/themes/dark.toml");
const LIGHT: &str = include_str!("../../../assets/themes/light.toml");
const HIGH_CONTRAST: &str = include_str!("../../../assets/themes/high-contrast.toml");

const BASES: &str = "\"dark\", \"light\" or \"high-contrast\"";
const ATTRIBUTES: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

/// The themes that come with the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuiltIn {
    #[default]
    Dark,
    Light,
    HighContrast,
}

impl BuiltIn {
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::HighContrast];

    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }

    fn text(self) -> &'static str {
        match self {
            Self::Dark => DARK,
            Self::Light => LIGHT,
            Self::HighContrast => HIGH_CONTRAST,
        }
    }
}

/// A colour for each of 16, 256 and 16 million colours.
type Colours = [Option<Color>; 3];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    attributes: Modifier,
    fg: Colours,
    bg: Colours,
}

/// The look of every role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    looks: [Look; Role::ALL.len()],
}

impl Default for Palette {
    fn default() -> Self {
        Self::built_in(BuiltIn::Dark)
    }
}

impl From<BuiltIn> for Palette {
    fn from(theme: BuiltIn) -> Self {
        Self::built_in(theme)
    }
}

impl Palette {
    pub fn built_in(theme: BuiltIn) -> Self {
        let mut palette = Self {
            looks: [Look::default(); Role::ALL.len()],
        };
        // Sound, as a test knows.
        palette.read(Path::new(theme.name()), theme.text());
        palette
    }

    /// A theme of the user's own: what it does not say is as in its `base`. What is wrong is reported, the rest holds.
    pub fn parse(path: &Path, text: &str) -> (Self, Vec<ConfigError>) {
        let (table, _) = DeTable::parse_recoverable(text);
        let base = table.get_ref().get("base");
        let base = base.and_then(|value| BuiltIn::find(value.get_ref().as_str()?));
        let mut palette = Self::built_in(base.unwrap_or_default());
        let errors = palette.read(path, text);
        (palette, errors)
    }

    fn read(&mut self, path: &Path, text: &str) -> Vec<ConfigError> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut errors = syntax_errors(path, text, &errors);
        let mut wrong = |span: std::ops::Range<usize>, message: String| {
            errors.push(ConfigError {
                place: format!("{}:{}", path.display(), line_of(text, span.start)),
                message,
            });
        };
        for (name, value) in table.get_ref().iter() {
            let (name, span) = (name.get_ref().as_ref(), name.span());
            if name == "base" {
                if value.get_ref().as_str().and_then(BuiltIn::find).is_none() {
                    wrong(span, format!("base: use {BASES}"));
                }
                continue;
            }
            let Some(role) = Role::ALL.iter().position(|role| role.name() == name) else {
                let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
                wrong(
                    span,
                    format!(
                        "there is no role \"{name}\"; the roles are {}",
                        names.join(", ")
                    ),
                );
                continue;
            };
            let Some(entries) = value.get_ref().as_table() else {
                wrong(
                    span,
                    format!("{name}: write [{name}] with attributes, fg and bg below it"),
                );
                continue;
            };
            // A role that is described is described in full.
            let mut look = Look::default();
            for (key, value) in entries.iter() {
                let told = match key.get_ref().as_ref() {
                    "attributes" => attributes(value.get_ref()).map(|m| look.attributes = m),
                    "fg" => colours(value.get_ref()).map(|c| look.fg = c),
                    "bg" => colours(value.get_ref()).map(|c| look.bg = c),
                    _ => Err("there is attributes, fg and bg".to_owned()),
                };
                if let Err(allowed) = told {
                    wrong(key.span(), format!("{name}.{}: {allowed}", key.get_ref()));
                }
            }
            self.looks[role] = look;
        }
        errors
    }

    /// The look of a role on a terminal of `depth`.
    pub(super) fn style(&self, role: Role, depth: Depth) -> Style {
        let look = &self.looks[role as usize];
        let at = match depth {
            Depth::None => return Style::new().add_modifier(look.attributes),
            Depth::Sixteen => 0,
            Depth::Indexed => 1,
            Depth::True => 2,
        };
        let fitted = |colours: &Colours| colours[at].and_then(|c| colour::fitted(c, depth));
        let mut style = Style::new();
        let mut attributes = look.attributes;
        if let Some(fg) = fitted(&look.fg) {
            style = style.fg(fg);
            attributes.remove(Modifier::DIM);
        }
        if let Some(bg) = fitted(&look.bg) {
            style = style.bg(bg);
            attributes.remove(Modifier::REVERSED);
        }
        style.add_modifier(attributes)
    }
}

fn attributes(value: &DeValue<'_>) -> Result<Modifier, String> {
    let find = |value: &DeValue<'_>| {
        let name = value.as_str()?;
        let known = ATTRIBUTES.iter().find(|(n, _)| *n == name)?;
        Some(known.1)
    };
    let list = value.as_array().and_then(|list| {
        list.iter()
            .map(|value| find(value.get_ref()))
            .collect::<Option<Vec<_>>>()
    });
    list.map(|list| list.into_iter().collect()).ok_or_else(|| {
        let names: Vec<&str> = ATTRIBUTES.iter().map(|(name, _)| *name).collect();
        format!("use a list of {}", names.join(", "))
    })
}

/// One colour for all, or a list of up to three; what is missing is as the one before.
fn colours(value: &DeValue<'_>) -> Result<Colours, String> {
    let allowed = || format!("use {}, or a list of three", colour::ALLOWED);
    let one = |value: &DeValue<'_>| {
        let text = match value {
            DeValue::Integer(number) => number.as_str(),
            value => value.as_str()?,
        };
        colour::read(text)
    };
    let list: Option<Vec<Option<Color>>> = match value {
        DeValue::Array(list) => list.iter().map(|value| one(value.get_ref())).collect(),
        value => one(value).map(|colour| vec![colour]),
    };
    match list.as_deref() {
        Some([a]) => Ok([*a, *a, *a]),
        Some([a, b]) => Ok([*a, *b, *b]),
        Some([a, b, c]) => Ok([*a, *b, *c]),
        _ => Err(allowed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let (_, errors) = Palette::parse(Path::new("t.toml"), text);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_built_in_themes_describe_every_role() {
        for theme in BuiltIn::ALL {
            assert_eq!(errors(theme.text()), [""; 0], "{theme:?}");
            for role in Role::ALL {
                let head = format!("[{}]", role.name());
                assert!(
                    theme.text().lines().any(|line| line.starts_with(&head)),
                    "{theme:?} {head}"
                );
            }
        }
    }

    #[test]
    fn a_theme_of_ones_own_changes_what_it_says() {
        let text = "base = 'light'\n[alarm]\nfg = '#ff8700'\nattributes = ['bold', 'reversed']\n";
        let (palette, errors) = Palette::parse(Path::new("t.toml"), text);
        assert_eq!(errors, []);
        let style = palette.style(Role::Alarm, Depth::Indexed);
        assert_eq!(style.fg, Some(Color::Indexed(208)));
        assert!(style.add_modifier.contains(Modifier::REVERSED));
        let light = Palette::built_in(BuiltIn::Light);
        assert_eq!(
            palette.style(Role::Key, Depth::True),
            light.style(Role::Key, Depth::True)
        );
    }

    #[test]
    fn mistakes_are_told_with_line_and_what_is_allowed() {
        assert_eq!(
            errors("base = 'blue'\n[alarm]\nfg = 'pinkish'\n")
                .iter()
                .map(|e| e.split(" (").next().unwrap())
                .collect::<Vec<_>>(),
            [
                "t.toml:3: alarm.fg: use a name",
                "t.toml:1: base: use \"dark\", \"light\" or \"high-contrast\""
            ]
        );
        for (text, says) in [
            (
                "[attic]\n",
                "t.toml:1: there is no role \"attic\"; the roles are text, dim",
            ),
            ("\nalarm = 1\n", "t.toml:2: alarm: write [alarm]"),
            (
                "[alarm]\nattributes = ['blink']",
                "t.toml:2: alarm.attributes: use a list of bold",
            ),
            (
                "[alarm]\ncolor = 'red'",
                "t.toml:2: alarm.color: there is attributes, fg and bg",
            ),
            ("[alarm]\nfg = []", "t.toml:2: alarm.fg: use"),
            ("[alarm\n", "t.toml:1: is not TOML"),
        ] {
            let errors = errors(text);
            assert!(errors[0].starts_with(says), "{errors:?}");
        }
    }

    /// As the guidelines for readable pages work it out: 1 to 21, 4.5 is readable.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let luminance = |rgb: [u8; 3]| {
            let [r, g, b] = rgb.map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.04045 {
                    part / 12.92
                } else {
                    ((part + 0.055) / 1.055).powf(2.4)
                }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_role_can_be_read_on_its_ground_and_on_a_selected_row() {
        for theme in BuiltIn::ALL {
            let palette = Palette::built_in(theme);
            let ground = match theme {
                BuiltIn::Light => [255, 255, 255],
                BuiltIn::Dark | BuiltIn::HighContrast => [0, 0, 0],
            };
            let least = if theme == BuiltIn::HighContrast {
                7.0
            } else {
                4.5
            };
            for depth in [Depth::Indexed, Depth::True] {
                let selected = palette.style(Role::Selected, depth);
                for role in Role::ALL {
                    let style = palette.style(*role, depth);
                    let rgb = |colour: Option<Color>| colour.and_then(colour::rgb);
                    let Some(fg) = rgb(style.fg) else { continue };
                    let on = contrast(fg, rgb(style.bg).unwrap_or(ground));
                    assert!(on >= least, "{theme:?} {depth:?} {role:?}: {on:.1}");
                    // A selected row keeps the colours of its cells, unless it brings its own.
                    let fg = rgb(selected.fg).unwrap_or(fg);
                    let on = contrast(fg, rgb(selected.bg).unwrap());
                    assert!(on >= 4.5, "{theme:?} {depth:?} {role:?} selected: {on:.1}");
                }
            }
        }
    }

    #[test]
    fn without_colours_no_two_things_that_must_be_told_apart_look_alike() {
        for theme in BuiltIn::ALL {
            let palette = Palette::built_in(theme);
            for role in Role::ALL {
                let style = palette.style(*role, Depth::None);
                assert_eq!((style.fg, style.bg), (None, None));
            }
            let look = |role| palette.style(role, Depth::None).add_modifier;
            assert_ne!(look(Role::Selected), look(Role::Text));
            assert_ne!(look(Role::Focus), look(Role::Title));
            assert_ne!(look(Role::Cell), look(Role::Text));
            assert_ne!(look(Role::Wrong), look(Role::Text));
        }
    }
}
