//! The probe: the line of shell that a GPU host runs, built from the fields that are read back.
//!
//! One line of POSIX sh (dash, bash and busybox alike) that changes nothing on the host and ends with
//! status 0 whatever happens, since SSM counts anything else as a failed command. It prints, in this
//! order:
//!
//! ```text
//! #gpu 0                          exit status of nvidia-smi, and after it the fields it refused
//! 0, GPU-9a9a…, 515.105.01, …     one row for each card: `index`, then CORE
//! #ext 0 ,gpu_recovery_action
//! 0, 0x0000000000000001, …        one row for each card: `index`, then OPTIONAL less the refused
//! #apps 0
//! =9a9a6c50,5762, 1005, python    one row for each process: start of the card's UUID, pid, MiB, name
//! #end 0                          how many processes found no place
//! ```
//!
//! or `#nosmi` where there is no nvidia-smi. An output without `#end` was cut.
//!
//! A single field that a driver does not know makes nvidia-smi refuse the whole query and name the
//! field. So newer fields are asked apart from the core, and a refused field is taken out and the
//! query repeated: one run more for each refused field, none where all are known.
//!
//! Process names come from whoever runs processes on the host. Their rows start with `=`, so that no
//! name can pass for a marker, and they come last and fill only what is left of the 2,500 bytes to
//! which SSM cuts what `ListCommandInvocations` returns.

use std::sync::LazyLock;

/// The SSM document that runs the line.
pub const SSM_DOCUMENT: &str = "AWS-RunShellScript";

/// Seconds that SSM has to deliver the command; the least that SSM accepts.
pub const SSM_DELIVERY_TIMEOUT_S: u32 = 30;

/// Seconds after which SSM ends the line (the document's `executionTimeout`); more than all
/// [`ProbeLimits`] together.
pub const SSM_EXECUTION_TIMEOUT_S: u32 = 15;

/// Bytes of output, both streams together, that SSM returns in `ListCommandInvocations`.
pub const SSM_OUTPUT_LIMIT: usize = 2_500;

/// A field of `nvidia-smi --query-gpu`. Not here: `index`, which every query asks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Uuid,
    DriverVersion,
    UtilizationGpu,
    MemoryUsed,
    MemoryTotal,
    TemperatureGpu,
    PowerDraw,
    EnforcedPowerLimit,
    Pstate,
    ClocksSm,
    EccUncorrected,
    Name,
    ThrottleReasons,
    MigMode,
    RemappedRowsPending,
    RemappedRowsFailure,
    RecoveryAction,
}

impl Field {
    /// What every driver of the last ten years answers.
    pub(super) const CORE: [Self; 12] = [
        Self::Uuid,
        Self::DriverVersion,
        Self::UtilizationGpu,
        Self::MemoryUsed,
        Self::MemoryTotal,
        Self::TemperatureGpu,
        Self::PowerDraw,
        Self::EnforcedPowerLimit,
        Self::Pstate,
        Self::ClocksSm,
        Self::EccUncorrected,
        Self::Name,
    ];

    /// What came later, or not to all drivers.
    pub(super) const OPTIONAL: [Self; 5] = [
        Self::ThrottleReasons,
        Self::MigMode,
        Self::RemappedRowsPending,
        Self::RemappedRowsFailure,
        Self::RecoveryAction,
    ];

    /// nvidia-smi's name of the field.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::DriverVersion => "driver_version",
            Self::UtilizationGpu => "utilization.gpu",
            Self::MemoryUsed => "memory.used",
            Self::MemoryTotal => "memory.total",
            Self::TemperatureGpu => "temperature.gpu",
            Self::PowerDraw => "power.draw",
            Self::EnforcedPowerLimit => "enforced.power.limit",
            Self::Pstate => "pstate",
            Self::ClocksSm => "clocks.sm",
            Self::EccUncorrected => "ecc.errors.uncorrected.volatile.total",
            Self::Name => "name",
            // Renamed clocks_event_reasons.active with driver 535; newer ones take both names.
            Self::ThrottleReasons => "clocks_throttle_reasons.active",
            Self::MigMode => "mig.mode.current",
            Self::RemappedRowsPending => "remapped_rows.pending",
            Self::RemappedRowsFailure => "remapped_rows.failure",
            Self::RecoveryAction => "gpu_recovery_action",
        }
    }
}

/// How long each run of nvidia-smi may take, seconds. A card that has fallen off the bus makes it
/// hang. Together below [`SSM_EXECUTION_TIMEOUT_S`], so that the line still reports what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeLimits {
    /// For the core fields, default 6: the first run also wakes the driver.
    pub core_s: u8,
    /// For the optional fields, default 3.
    pub optional_s: u8,
    /// For the processes, default 3.
    pub processes_s: u8,
}

impl Default for ProbeLimits {
    fn default() -> Self {
        Self {
            core_s: 6,
            optional_s: 3,
            processes_s: 3,
        }
    }
}

/// The line that hosts run: the same text every time, so that a policy and the read-only guard can
/// hold `ssm:SendCommand` to it.
pub fn probe_line() -> &'static str {
    static LINE: LazyLock<String> = LazyLock::new(|| probe_line_within(ProbeLimits::default()));
    &LINE
}

/// The line, broken and indented for reading. `ask MARK SECONDS FIELDS` repeats a query without each
/// refused field. `left` counts down the bytes that may still be printed; a process that finds no place
/// is counted in `more`. Rows of 72 bytes and more lose the directories of the process's path.
///
/// No more is asked after the statuses that say that nothing can be learnt: no card, no driver, no
/// library, versions that do not match, and a run that hung or was killed.
const SCRIPT: &str = r##"
    LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/bin:/usr/local/bin; left=2470; more=0;
    within() { if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift; "$@"; fi; };
    smi() { within "$1" nvidia-smi "$2" --format=csv,noheader,nounits 2>&1 </dev/null; };
    ask() {
        fields=,$3,; refused=;
        while out=$(smi "$2" "--query-gpu=index${fields%,}"); rc=$?; do
            case $out in
                *'Field "'*) word=${out#*'Field "'}; word=${word%%'"'*};;
                *) break;;
            esac;
            case $fields in
                *",$word,"*) fields=${fields%%",$word,"*},${fields#*",$word,"}; refused=$refused,$word;;
                *) break;;
            esac;
        done;
        printf '%s\n' "#$1 $rc${refused:+ $refused}" "$out"; left=$((left-${#out}-${#refused}-12));
    };
    if command -v nvidia-smi >/dev/null 2>&1; then
        ask gpu @CORE_S @CORE;
        case $rc in
            6|9|12|18|12[4-9]|13?|14[0-3]) echo '#end 0';;
            *)
                ask ext @OPTIONAL_S @OPTIONAL;
                out=$(smi @PROCESSES_S --query-compute-apps=gpu_uuid,pid,used_gpu_memory,process_name);
                echo "#apps $?";
                printf '%s\n' "$out" | {
                    while IFS= read -r row; do
                        [ -n "$row" ] || continue;
                        case $row in GPU-*) id=${row#GPU-}; row=${id%%-*},${row#*, };; esac;
                        [ ${#row} -lt 72 ] || row=${row%%/*}${row##*/};
                        left=$((left-${#row}-2));
                        if [ $left -ge 0 ]; then printf '%s\n' "=$row"; else more=$((more+1)); fi;
                    done;
                    echo "#end $more";
                };;
        esac;
    else echo '#nosmi'; echo '#end 0'; fi;
    exit 0
"##;

/// The line with other time limits.
pub fn probe_line_within(limits: ProbeLimits) -> String {
    let names = |fields: &[Field]| -> String {
        let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        names.join(",")
    };
    let lines: Vec<&str> = SCRIPT
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines
        .join(" ")
        .replace("@CORE_S", &limits.core_s.to_string())
        .replace("@CORE", &names(&Field::CORE))
        .replace("@OPTIONAL_S", &limits.optional_s.to_string())
        .replace("@OPTIONAL", &names(&Field::OPTIONAL))
        .replace("@PROCESSES_S", &limits.processes_s.to_string())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_line_is_one_line_that_ssm_takes_as_it_is() {
        let line = probe_line();
        assert!(!line.contains('\n'));
        assert!(line.is_ascii());
        for placeholder in ["@CORE", "@OPTIONAL", "@PROCESSES"] {
            assert!(!line.contains(placeholder), "{placeholder}");
        }
        // SSM takes double braces for references to parameters.
        assert!(!line.contains("{{") && !line.contains("}}"));
        assert!(line.ends_with("exit 0"));
        assert_eq!(line, probe_line_within(ProbeLimits::default()));
    }

    #[test]
    fn the_line_is_over_before_ssm_ends_it() {
        let limits = ProbeLimits::default();
        let sum = u32::from(limits.core_s) + u32::from(limits.optional_s) + u32::from(limits.processes_s);
        assert!(sum < SSM_EXECUTION_TIMEOUT_S);
    }

    #[test]
    fn optional_fields_are_asked_apart_from_the_core() {
        let line = probe_line();
        assert!(line.contains(
            "ask gpu 6 uuid,driver_version,utilization.gpu,memory.used,memory.total,temperature.gpu,\
             power.draw,enforced.power.limit,pstate,clocks.sm,ecc.errors.uncorrected.volatile.total,name;"
        ));
        assert!(line.contains(
            "ask ext 3 clocks_throttle_reasons.active,mig.mode.current,remapped_rows.pending,\
             remapped_rows.failure,gpu_recovery_action;"
        ));
    }
}
