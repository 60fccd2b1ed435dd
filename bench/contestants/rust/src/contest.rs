//! The commands of './dev bench' (bench/README.md). What fails ends the process: the contest shows it.
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::time::{clock_gettime, ClockId};
use tokio::task::JoinSet;
use zookeeper_client::Client;

use crate::lock;

/// (session, running, release called)
type Grant = (usize, f64, f64);

pub struct Contestant {
    hosts: String,
    client: Client,
    /// Of a hand-off, kept from one to the next.
    sessions: Vec<Client>,
}

impl Contestant {
    pub async fn new(hosts: String) -> Self {
        let client = lock::connect(&hosts).await.expect("the server is there");
        Self {
            hosts,
            client,
            sessions: Vec::new(),
        }
    }

    /// Answers with an object of JSON.
    pub async fn carry_out(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |place: usize| -> usize { words[place].parse().expect("a number") };
        let path = || words[1].to_string();
        match words.first() {
            Some(&"serial") => self.serial(path(), number(2)).await,
            Some(&"many") => self.many(path(), number(2), number(3)).await,
            Some(&"handoff") => {
                let hold = Duration::from_micros(number(4) as u64);
                self.handoff(path(), number(2), number(3), hold).await
            }
            _ => panic!("no such command: {line}"),
        }
    }

    async fn serial(&self, path: String, count: usize) -> String {
        let client = self.client.clone();
        // As a task of the runtime, like those of a service.
        let run = async move {
            let (mut acquire, mut release) = (Vec::new(), Vec::new());
            for _ in 0..count {
                let begin = Instant::now();
                let held = lock::acquire(&client, &path).await.expect("a lock");
                let acquired = Instant::now();
                lock::release(held).await.expect("a release");
                release.push(micros(acquired.elapsed()));
                acquire.push(micros(acquired - begin));
            }
            (acquire, release)
        };
        let (acquire, release) = tokio::spawn(run).await.expect("no panic");
        format!(r#"{{"acquire": {acquire:?}, "release": {release:?}}}"#)
    }

    async fn many(&self, path: String, depth: usize, count: usize) -> String {
        let begin = Instant::now();
        let mut workers = JoinSet::new();
        for number in 0..depth {
            let client = self.client.clone();
            let path = format!("{path}-{number}");
            workers.spawn(async move {
                for _ in 0..count {
                    let held = lock::acquire(&client, &path).await.expect("a lock");
                    lock::release(held).await.expect("a release");
                }
            });
        }
        workers.join_all().await;
        format!(r#"{{"seconds": {}}}"#, begin.elapsed().as_secs_f64())
    }

    async fn handoff(
        &mut self,
        path: String,
        sessions: usize,
        wanted: usize,
        hold: Duration,
    ) -> String {
        while self.sessions.len() < sessions {
            let client = lock::connect(&self.hosts).await;
            self.sessions.push(client.expect("the server is there"));
        }
        let grants = Arc::new(Mutex::new(Vec::new()));
        let mut workers = JoinSet::new();
        for (session, client) in self.sessions.iter().take(sessions).enumerate() {
            let (client, path, grants) = (client.clone(), path.clone(), grants.clone());
            workers.spawn(compete(session, client, path, wanted, hold, grants));
        }
        workers.join_all().await;
        let grants = grants.lock().expect("no panic");
        let rows: Vec<String> = grants
            .iter()
            .map(|(session, running, released)| format!("[{session}, {running}, {released}]"))
            .collect();
        format!(r#"{{"grants": [{}]}}"#, rows.join(", "))
    }
}

async fn compete(
    session: usize,
    client: Client,
    path: String,
    wanted: usize,
    hold: Duration,
    grants: Arc<Mutex<Vec<Grant>>>,
) {
    while grants.lock().expect("no panic").len() < wanted {
        let held = lock::acquire(&client, &path).await.expect("a lock");
        let running = now_micros();
        if !hold.is_zero() {
            tokio::time::sleep(hold).await;
        }
        grants
            .lock()
            .expect("no panic")
            .push((session, running, now_micros()));
        lock::release(held).await.expect("a release");
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// On a clock that all processes of this machine share.
fn now_micros() -> f64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 / 1e3
}
