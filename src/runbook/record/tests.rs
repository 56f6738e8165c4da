use super::*;
use crate::runbook::machine::tests_support::{moment, sample_journal};

#[test]
fn a_journal_is_read_back_as_it_was_written() {
    let text = sample_journal();
    let journal = read(&text).unwrap();
    assert!(!journal.torn);
    assert_eq!(journal.whole_bytes, text.len());
    assert_eq!(journal.entries.len(), text.lines().count());
    let mut chain = Chain::default();
    let again: String = journal
        .entries
        .iter()
        .map(|entry| chain.append(entry.at, entry.record.clone()).1)
        .collect();
    assert_eq!(again, text);
    assert_eq!(chain, journal.chain);
}

#[test]
fn a_last_line_that_was_cut_short_is_left_out() {
    let text = sample_journal();
    let whole = read(&text).unwrap().entries.len();
    let last = text[..text.len() - 1].rfind('\n').unwrap() + 1;
    for cut in last + 1..text.len() {
        if !text.is_char_boundary(cut) {
            continue;
        }
        let journal = read(&text[..cut]).unwrap();
        assert!(journal.torn);
        assert_eq!((journal.entries.len(), journal.whole_bytes), (whole - 1, last));
        // The next line continues what is whole.
        let mut chain = journal.chain;
        let (_, line) = chain.append(
            moment(),
            Record::Note {
                text: "torn".to_owned(),
                data: Value::Null,
            },
        );
        let mended = format!("{}{line}", &text[..journal.whole_bytes]);
        assert_eq!(read(&mended).unwrap().entries.len(), whole);
    }
}

#[test]
fn a_journal_that_was_tampered_with_is_refused() {
    let text = sample_journal();
    let lines: Vec<&str> = text.lines().collect();
    let join = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    // A line taken out, two exchanged, one twice.
    for index in 0..lines.len() - 1 {
        let mut less = lines.clone();
        less.remove(index);
        assert!(read(&join(&less)).is_err(), "without line {index}");
        let mut swapped = lines.clone();
        swapped.swap(index, index + 1);
        assert!(read(&join(&swapped)).is_err(), "line {index} exchanged");
        let mut twice = lines.clone();
        twice.insert(index, lines[index]);
        assert!(read(&join(&twice)).is_err(), "line {index} twice");
    }
    // Any byte of any line.
    for (index, line) in lines.iter().enumerate() {
        for place in (0..line.len()).step_by(7) {
            if !line.is_char_boundary(place) || !line.is_char_boundary(place + 1) {
                continue;
            }
            let other = if &line[place..=place] == "7" { "8" } else { "7" };
            let changed = format!("{}{other}{}", &line[..place], &line[place + 1..]);
            let mut all = lines.clone();
            all[index] = &changed;
            assert!(read(&join(&all)).is_err(), "line {index} byte {place}");
        }
    }
    assert_eq!(read(""), Err(JournalError::Empty));
    assert_eq!(read("{\"hash\":"), Err(JournalError::Empty));
}

#[test]
fn another_format_is_named() {
    use sha2::Digest as _;
    let text = sample_journal();
    let line = text.lines().next().unwrap();
    let body = format!("{{{}", &line[line.find("\",").unwrap() + 2..]).replacen("\"v\":1", "\"v\":2", 1);
    let hash: String = sha2::Sha256::digest(body.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let later = format!("{{\"hash\":\"{hash}\",{}\n", &body[1..]);
    assert_eq!(read(&later), Err(JournalError::Version { found: 2 }));
}
