//! `qd runbook list`.

use serde::Serialize;
use serde_json::Value;

use crate::domain::policy::ConfirmLevel;
use crate::engine::runbooks::Runbooks;
use crate::headless::out::{Page, Report, complain};
use crate::headless::table::{Cell, Column, Table};
use crate::headless::{Exit, Out};
use crate::runbook::model::Presence;
use crate::runbook::schema::Catalogue;
use crate::runbook::{Asks, File, asks_of, load};

#[derive(Serialize)]
struct Listing {
    schema: &'static str,
    runbooks: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    /// Unknown if the file cannot be used.
    title: Option<String>,
    source: &'static str,
    path: Option<String>,
    /// Whether one of the same name is nearer and taken instead.
    hidden: bool,
    usable: bool,
    /// What every plan of it asks for, unless the estate or the plan demands more.
    confirm: Option<ConfirmLevel>,
    /// What a plan asks for in which every step that depends on a condition is done.
    confirm_at_most: Option<ConfirmLevel>,
    /// Parameters that have to be given.
    required: Vec<String>,
    offered_for: Vec<&'static str>,
}

/// Lists them.
pub fn run(runbooks: &Runbooks, catalogue: &Catalogue, out: &Out) -> anyhow::Result<Exit> {
    let mut rows = Vec::new();
    for listed in runbooks.list()? {
        let mut row = Row {
            name: listed.name.clone(),
            title: None,
            source: listed.place.name(),
            path: listed
                .path
                .as_ref()
                .map(|path| path.to_string_lossy().into_owned()),
            hidden: listed.is_hidden,
            usable: false,
            confirm: None,
            confirm_at_most: None,
            required: Vec::new(),
            offered_for: Vec::new(),
        };
        match runbooks.open_listed(&listed) {
            Ok(file) => describe(&mut row, &file, runbooks, catalogue),
            Err(why) => complain(&format!("qd: {why}")),
        }
        rows.push(row);
    }
    out.report(&Listing {
        schema: "quarterdeck.runbooks/1",
        runbooks: rows,
    })?;
    Ok(Exit::Done)
}

fn describe(row: &mut Row, file: &File, runbooks: &Runbooks, catalogue: &Catalogue) {
    let runbook = match load(file, runbooks, catalogue) {
        Ok(loaded) => loaded.runbook,
        Err(unusable) => {
            let headline = unusable
                .reports
                .iter()
                .find_map(crate::domain::diagnostic::Report::headline);
            complain(&format!("qd: {}", headline.unwrap_or_default()));
            return;
        }
    };
    row.usable = true;
    row.title = Some(runbook.title.clone());
    let Asks { least, most } = asks_of(&runbook, catalogue);
    row.confirm = Some(least);
    row.confirm_at_most = Some(most);
    row.required = runbook
        .params
        .iter()
        .filter(|param| param.presence == Presence::Required)
        .map(|param| param.name.value.clone())
        .collect();
    row.offered_for = runbook.offers.iter().map(|offer| offer.kind.name()).collect();
}

impl Report for Listing {
    fn text(&self, page: &Page) -> String {
        let mut table = Table::new([
            Column::fixed("RUNBOOK"),
            Column::words("NEEDS", 8).sheds(2),
            Column::fixed("FROM").sheds(1),
            Column::fixed("ASKS FOR").sheds(3),
            Column::words("DOES", 20),
        ]);
        for row in &self.runbooks {
            let from = match (row.hidden, row.source) {
                (true, source) => format!("{source} (hidden)"),
                (false, source) => source.to_owned(),
            };
            table.row([
                Cell::new(&row.name),
                Cell::new(row.required.join(" ")),
                Cell::new(from),
                Cell::of(
                    row.confirm
                        .zip(row.confirm_at_most)
                        .map(|(least, most)| Asks { least, most }.word()),
                ),
                Cell::new(
                    row.title
                        .as_deref()
                        .unwrap_or("cannot be used: see qd runbook lint"),
                ),
            ]);
        }
        table.render(page.width, page.paint)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.runbooks.iter().map(serde_json::to_value).collect()
    }
}
