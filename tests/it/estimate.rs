//! The page that sets the price table beside the estates' own cost tables.

use std::fs;
use std::path::Path;

use quarterdeck::domain::estimate;
use quarterdeck::domain::price::PriceTable;

#[test]
fn the_cost_table_is_what_the_prices_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cost-table.md");
    let made = estimate::markdown(PriceTable::shipped()).expect("the descriptions are read");
    if std::env::var_os("QD_UPDATE_DOCS").is_some() {
        fs::write(&path, &made).expect("the page can be written");
    }
    let held = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        held == made,
        "docs/cost-table.md is out of date; run the tests once with QD_UPDATE_DOCS=1"
    );
}
