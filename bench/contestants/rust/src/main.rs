//! The lock of the crate `zookeeper-client`. It has no try.
//!
//!     zookeeper-client HOSTS
mod contest;
mod lock;

use std::io::{BufRead, Write};

fn main() {
    let hosts = std::env::args().nth(1).expect("zookeeper-client HOSTS");
    let runtime = tokio::runtime::Runtime::new().expect("tokio starts");
    let mut contestant = runtime.block_on(contest::Contestant::new(hosts));
    say("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("commands are text");
        say(&runtime.block_on(contestant.carry_out(&line)));
    }
}

fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")
        .and_then(|()| output.flush())
        .expect("somebody listens");
}
