//! How the explorer looks and which keys it has: themes and keys of the user's own, beside `config.toml`. What is wrong
//! with them is told, the built-in ones hold.

use std::io;
use std::path::Path;

use super::app::App;
use crate::config::terminal::Background;
use crate::config::{ConfigError, Depth};
use crate::text::suggest::hint;
use crate::tui::keymap::{Keymap, KeymapError};
use crate::tui::theme::palette::{BuiltIn, Palette};

/// Everything that shows before the first event does.
pub(super) struct Look {
    pub(super) palette: Palette,
    /// Which theme that is, and why.
    pub(super) theme: String,
    pub(super) depth: Depth,
    pub(super) keymap: Keymap,
    /// What is wrong with theme and keys.
    pub(super) errors: Vec<ConfigError>,
}

impl Look {
    pub(super) fn load(app: &App) -> Result<Self, KeymapError> {
        let mut errors = Vec::new();
        let mut keymap = Keymap::standard()?;
        if let Some(paths) = &app.paths {
            let path = paths.config.join("keymap.toml");
            if let Some(text) = read(&path, "the built-in keys hold", &mut errors) {
                let (layered, wrong) = keymap.layered(&path, &text);
                keymap = layered;
                errors.extend(wrong);
            }
        }
        let mut depth = app.settings.depth(&app.terminal);
        let name = app.settings.theme.as_str();
        let (palette, theme) = if name == "auto" {
            match app.terminal.background() {
                Some(Background::Dark) => (BuiltIn::Dark.into(), "dark, as COLORFGBG says".into()),
                Some(Background::Light) => {
                    (BuiltIn::Light.into(), "light, as COLORFGBG says".into())
                }
                None => {
                    depth = depth.min(Depth::Sixteen);
                    let why = "16 colours that read on dark and light: the terminal does not say which it is";
                    (Palette::default(), why.to_owned())
                }
            }
        } else {
            (named(name, app, &mut errors), name.to_owned())
        };
        Ok(Self {
            palette,
            theme,
            depth,
            keymap,
            errors,
        })
    }
}

/// A built-in theme, or one of the folder of the user's own.
fn named(name: &str, app: &App, errors: &mut Vec<ConfigError>) -> Palette {
    let folder = app.paths.as_ref().map(|paths| paths.config.join("themes"));
    let path = folder.map(|folder| folder.join(format!("{name}.toml")));
    if let Some(path) = path.filter(|path| path.exists()) {
        let Some(text) = read(&path, "the dark theme holds", errors) else {
            return Palette::default();
        };
        let (palette, wrong) = Palette::parse(&path, &text);
        errors.extend(wrong);
        return palette;
    }
    let Some(theme) = BuiltIn::find(name) else {
        let near = hint(name, BuiltIn::ALL.iter().map(|theme| theme.name()));
        errors.push(ConfigError {
            place: format!("theme = \"{name}\""),
            message: format!(
                "there is no such theme{near}; use auto, dark, light or high-contrast, or write themes/{name}.toml beside config.toml; the dark theme holds"
            ),
        });
        return Palette::default();
    };
    theme.into()
}

/// The file's text; nothing if there is no such file, or if it cannot be read, which is told.
fn read(path: &Path, else_holds: &str, errors: &mut Vec<ConfigError>) -> Option<String> {
    match crate::config::read_text(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            errors.push(ConfigError {
                place: path.display().to_string(),
                message: format!("cannot be read: {error}; {else_holds}"),
            });
            None
        }
    }
}
