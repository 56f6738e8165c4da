//! `qd man`: one page for the whole program, each command in a section of its own.

use clap_mangen::Man;

use crate::headless::Exit;

/// Runs it.
pub fn run() -> anyhow::Result<Exit> {
    super::show(&page()?)
}

/// The page, in roff.
fn page() -> anyhow::Result<String> {
    // Propagates global flags and fills in names, which rendering parts would not do.
    let mut command = super::command();
    command.build();
    let mut roff = Vec::new();
    let man = Man::new(command.clone()).manual("quarterdeck");
    man.render_title(&mut roff)?;
    man.render_name_section(&mut roff)?;
    man.render_synopsis_section(&mut roff)?;
    man.render_description_section(&mut roff)?;
    man.render_options_section(&mut roff)?;
    let mut page = String::from_utf8_lossy(&roff).into_owned();
    page.push_str(".SH COMMANDS\n");
    for subcommand in command.get_subcommands() {
        page.push_str(&section(subcommand)?);
    }
    page.push_str(".SH \"EXIT STATUS\"\n");
    for exit in Exit::ALL {
        // What begins a line with a dot or an apostrophe would be a request; ours begin with letters.
        page.push_str(&format!(
            ".TP\n\\fB{}\\fR\n{}\n",
            exit.code(),
            exit.meaning().replace('-', "\\-")
        ));
    }
    let mut version = Vec::new();
    man.render_version_section(&mut version)?;
    page.push_str(&String::from_utf8_lossy(&version));
    Ok(page)
}

/// A command as a subsection: its flags alone, since those of every command stand above.
fn section(command: &clap::Command) -> anyhow::Result<String> {
    let mut own = command.clone().bin_name(format!("qd {}", command.get_name()));
    let inherited: Vec<clap::Id> = own
        .get_arguments()
        .filter(|argument| argument.is_global_set() || argument.get_id() == "help")
        .map(|argument| argument.get_id().clone())
        .collect();
    for id in inherited {
        own = own.mut_arg(id, |argument| argument.hide(true));
    }
    let mut roff = Vec::new();
    let man = Man::new(own);
    man.render_synopsis_section(&mut roff)?;
    man.render_description_section(&mut roff)?;
    man.render_options_section(&mut roff)?;
    let text = String::from_utf8_lossy(&roff);
    let mut out = format!(".SS \"qd {}\"\n", command.get_name());
    for line in text.lines() {
        match line.strip_prefix(".SH ") {
            Some("SYNOPSIS" | "DESCRIPTION" | "OPTIONS") => out.push_str(".PP\n"),
            _ => {
                // Macros that set up the page stand at its beginning already.
                if !line.starts_with(".ie ") && !line.starts_with(".el ") {
                    out.push_str(line);
                    out.push('\n');
                }
            }
        }
    }
    Ok(out)
}
