//! The probe: one line of POSIX shell that asks nvidia-smi and always exits 0.
//!
//! It prints the core fields of each card, then the optional ones that the driver knows, then the
//! compute processes. A field that a driver refuses costs only itself: nvidia-smi names the first
//! unknown field of a query, and the line asks again without it.

/// Fields of every driver since 450, in the order of the columns.
pub const CORE_FIELDS: &str = "index,uuid,name,driver_version,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,enforced.power.limit,pstate,clocks.sm,ecc.errors.uncorrected.volatile.total,mig.mode.current";

/// Fields that some drivers or cards do not know. `clocks_throttle_reasons` is the old name, which
/// new drivers still take.
pub const OPTIONAL_FIELDS: &str = "clocks_throttle_reasons.active,remapped_rows.pending,remapped_rows.failure,temperature.memory,gpu_recovery_action";

/// Seconds that the core query may take; a card that has fallen off the bus makes it hang.
pub const QUERY_TIMEOUT_S: u32 = 8;

/// Seconds that the document may run.
pub const EXECUTION_TIMEOUT_S: u32 = 20;

/// The line.
pub const SHELL_LINE: &str = concat!(
    "PATH=$PATH:/usr/bin:/usr/local/bin; LC_ALL=C; export LC_ALL; ",
    "command -v nvidia-smi >/dev/null 2>&1 || { echo '#nosmi'; exit 0; }; ",
    "timeout 8 nvidia-smi --query-gpu=",
    "index,uuid,name,driver_version,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,enforced.power.limit,pstate,clocks.sm,ecc.errors.uncorrected.volatile.total,mig.mode.current",
    " --format=csv,noheader,nounits 2>&1; r=$?; echo \"#core $r\"; [ $r -eq 0 ] || exit 0; ",
    "f=clocks_throttle_reasons.active,remapped_rows.pending,remapped_rows.failure,temperature.memory,gpu_recovery_action; n=0; ",
    "while [ $n -lt 6 ] && [ -n \"$f\" ]; do ",
    "o=$(timeout 3 nvidia-smi --query-gpu=index,$f --format=csv,noheader,nounits 2>&1); ",
    "b=$(printf '%s\\n' \"$o\" | sed -n 's/^Field \"\\([^\"]*\\)\" is not.*/\\1/p' | head -n 1); ",
    "[ -n \"$b\" ] || { echo \"#opt $f\"; printf '%s\\n' \"$o\"; break; }; ",
    "f=$(printf ',%s,' \"$f\" | sed \"s/,$b,/,/;s/^,//;s/,\\$//\"); n=$((n+1)); done; ",
    "echo '#apps'; timeout 3 nvidia-smi --query-compute-apps=gpu_uuid,pid,used_gpu_memory,process_name --format=csv,noheader,nounits 2>/dev/null | head -c 900; ",
    "echo; echo '#end'; exit 0",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_asks_for_the_declared_fields_and_is_one_line() {
        assert!(SHELL_LINE.contains(CORE_FIELDS));
        assert!(SHELL_LINE.contains(OPTIONAL_FIELDS));
        assert!(SHELL_LINE.contains(&format!("timeout {QUERY_TIMEOUT_S} nvidia-smi")));
        assert!(!SHELL_LINE.contains('\n'));
    }
}
