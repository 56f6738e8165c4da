//! What renames of DB instances and of DB clusters have in common: both are followed by the resource id,
//! which a rename leaves alone.

use serde_json::{Value, json};

use super::database::Database;
use crate::runbook::action::{Change, Fields, Progress, Sight, Undo, Unread, View, fields, known_after};

/// What a rename changes: how it looks before and after.
pub(super) fn sides(database: &impl Database, to: &str) -> (Fields, Fields) {
    let id = database.resource_id();
    let before = fields([
        ("name", json!(database.name())),
        (
            "resource_id",
            id.map_or_else(|| known_after("it exists"), |id| json!(id)),
        ),
    ]);
    let mut after = fields([("name", json!(to))]);
    // It is the same before and after: what is only known later would look like a change.
    if let Some(id) = id {
        after.insert("resource_id".to_owned(), json!(id));
    }
    (before, after)
}

/// The one of a change: by its resource id; by either name where that was not known when it was planned.
pub(super) fn followed<'v, D: Database>(change: &Change, view: &'v View) -> Result<Option<&'v D>, Unread> {
    let all = D::all(view)?;
    // Taken back, the id that was found before the rename stands on the other side.
    let id = [&change.before, &change.after]
        .into_iter()
        .find_map(|fields| fields.get("resource_id").and_then(Value::as_str));
    let is_it = |database: &&D| id.is_none_or(|id| database.resource_id() == Some(id));
    let called = |name: Option<&Value>| {
        all.iter()
            .filter(is_it)
            .find(|database| Some(&json!(database.name())) == name)
    };
    let named = called(change.before.get("name")).or_else(|| called(change.after.get("name")));
    // Under a third name it is only known by its id.
    Ok(named.or_else(|| all.iter().find(|database| id.is_some() && is_it(database))))
}

/// What the one of a change looks like; `name` is the name that it has, or is being given.
pub(super) fn sight<D: Database>(change: &Change, view: &View, name: impl FnOnce(&D) -> &str) -> Sight {
    Sight::of(followed::<D>(change, view), |database| {
        fields([
            ("name", json!(name(database))),
            ("resource_id", json!(database.resource_id())),
        ])
    })
}

/// What goes on with the one of a change that passes by itself.
pub(super) fn busy<D: Database>(change: &Change, view: &View) -> Option<String> {
    followed::<D>(change, view).ok().flatten()?.busy()
}

/// How far a rename is.
pub(super) fn progress<D: Database>(change: &Change, view: &View) -> Progress {
    match followed::<D>(change, view) {
        Err(unread) => Progress::Waiting(unread.to_string()),
        // While it is renamed AWS knows neither name for a while.
        Ok(None) => Progress::Waiting("it does not show under either name".to_owned()),
        Ok(Some(database)) if Some(&json!(database.name())) != change.after.get("name") => {
            Progress::Waiting(format!("it is still called {}", database.name()))
        }
        Ok(Some(database)) => database.at_rest(),
    }
}

/// The rename back. `field` is the argument that names what is renamed.
pub(super) fn undo(change: &Change, field: &str) -> Undo {
    let (Some(from), Some(to)) = (change.with.get(field), change.with.get("to")) else {
        return Undo::Impossible("the name before is not known".to_owned());
    };
    let (Some(from), Some(to)) = (from.as_str(), to.as_str()) else {
        return Undo::Impossible("the name before is not known".to_owned());
    };
    let mut back = change.swapped(format!("{to} → {from}"));
    back.with.insert(field.to_owned(), json!(to));
    back.with.insert("to".to_owned(), json!(from));
    Undo::By(vec![back])
}
