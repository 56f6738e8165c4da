//! What is styled: things as they mean something, never as they look.

/// Declares the roles with their keys in a theme file.
macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $role:ident => $name:literal;)+) => {
        /// Something on the screen that has a style.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[doc = $doc])+ $role,)+
        }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Self] = &[$(Self::$role),+];

            /// Its key in a theme file.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$role => $name,)+
                }
            }

            /// What it is for.
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$role => concat!($($doc),+).trim_ascii(),)+
                }
            }

            /// The role of a key.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$role),)+
                    _ => None,
                }
            }
        }
    };
}

roles! {
    /// Ordinary text; its background is that of the whole screen.
    Text => "text";
    /// Text that is there if wanted.
    Muted => "muted";
    /// What is to be noticed without being a problem.
    Accent => "accent";
    /// Headings of panes and columns.
    Title => "title";
    /// Healthy.
    Ok => "ok";
    /// A warning.
    Warn => "warn";
    /// Critical.
    Crit => "crit";
    /// Not known: never read, or not readable.
    Unknown => "unknown";
    /// Old data after a failed read.
    Stale => "stale";
    /// The row under the cursor.
    Selection => "selection";
    /// Rows that are marked.
    Marked => "marked";
    /// Frames of panes.
    Frame => "frame";
    /// The frame of the pane that has the keys.
    FrameFocused => "frame_focused";
    /// Frames on a production estate.
    FrameProd => "frame_prod";
    /// The header.
    Header => "header";
    /// The header on a production estate.
    HeaderProd => "header_prod";
    /// The header on a staging estate.
    HeaderStaging => "header_staging";
    /// The header on an estate of developers.
    HeaderDev => "header_dev";
    /// The header of the demo.
    HeaderDemo => "header_demo";
    /// The badge that says that writes are possible.
    WriteMode => "write_mode";
    /// Keys in hints.
    Key => "key";
    /// A line that is being typed.
    Input => "input";
    /// What a search or filter has found.
    SearchMatch => "search_match";
    /// Boxes above the panes.
    Overlay => "overlay";
    /// A value before a change.
    Before => "before";
    /// A value after a change.
    After => "after";
    /// Log lines of level trace.
    LogTrace => "log_trace";
    /// Log lines of level debug.
    LogDebug => "log_debug";
    /// Log lines of level info.
    LogInfo => "log_info";
    /// Log lines of level warning.
    LogWarn => "log_warn";
    /// Log lines of level error.
    LogError => "log_error";
    /// Log lines of level fatal or critical.
    LogFatal => "log_fatal";
    /// First series of a chart, and sparklines.
    Chart1 => "chart_1";
    /// Second series of a chart.
    Chart2 => "chart_2";
    /// Third series of a chart.
    Chart3 => "chart_3";
    /// Fourth series of a chart.
    Chart4 => "chart_4";
    /// Fifth series of a chart.
    Chart5 => "chart_5";
    /// Sixth series of a chart.
    Chart6 => "chart_6";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_roles_belong_together() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(*role));
            assert!(role.about().ends_with('.'), "{}", role.name());
        }
        assert_eq!(Role::named("nothing"), None);
    }
}
