//! Fields that a person adds to the filter pane.

use super::search;
use crate::engine::{FacetField, resolve_path};
use crate::event::field::{CATALOGUE, Field};
use crate::tui::effect::Effect;
use crate::tui::model::Model;
use crate::tui::overlay::Overlay;
use crate::tui::widget::offers::Offer;

/// Fields that can be counted: the normalised ones, then every attribute seen.
pub(super) fn offers(model: &Model) -> Vec<Offer> {
    let offer = |label: &str, note: &str| Offer {
        label: label.to_owned(),
        note: note.to_owned(),
    };
    let fields = CATALOGUE.iter().filter(|spec| spec.facetable);
    let fields = fields.map(|spec| offer(spec.name, spec.meaning));
    // With a leading dot where a normalised field has the name.
    let path = |path: &String| match Field::find(path) {
        Some(_) => offer(&format!(".{path}"), "attribute"),
        None => offer(path, "attribute"),
    };
    let paths = model.info.paths.keys().map(path);
    fields.chain(paths).collect()
}

/// Counts the field that was named; a name that fits none keeps the prompt open.
pub(super) fn answer(model: &mut Model, name: &str) -> Vec<Effect> {
    match (add(model, name), &mut model.overlay) {
        (Ok(effects), _) => {
            model.overlay = None;
            effects
        }
        (Err(error), Some(Overlay::Prompt(prompt))) => {
            prompt.refuse(error);
            Vec::new()
        }
        (Err(_), _) => Vec::new(),
    }
}

/// Counts another field; `Err` = why it cannot be counted.
pub(super) fn add(model: &mut Model, name: &str) -> Result<Vec<Effect>, String> {
    let field = match FacetField::named(name) {
        FacetField::Normal(field) if field.spec().facetable => FacetField::Normal(field),
        FacetField::Normal(field) => {
            return Err(format!("{} differs in every event", field.name()));
        }
        FacetField::Attribute(path) => {
            let paths = model.info.paths.keys().map(String::as_str);
            let found = resolve_path(paths, &path).map(FacetField::Attribute);
            found.ok_or_else(|| {
                format!("no event has a field {name:?}; Tab shows those there are")
            })?
        }
    };
    Ok(if model.filters.add(field) {
        search::recount(model)
    } else {
        Vec::new()
    })
}
