//! The crate's lock, as somebody uses it who has to know when it is released.
use std::time::Duration;

use zookeeper_client::{Acls, Client, CreateMode, Error, LockClient, LockOptions, LockPrefix};

pub async fn connect(hosts: &str) -> Result<Client, Error> {
    Client::connector()
        .with_session_timeout(Duration::from_secs(60))
        .connect(hosts)
        .await
}

/// In Curator's form, whose nodes have names that a lost reply does not make ambiguous.
pub async fn acquire<'a>(client: &'a Client, path: &str) -> Result<LockClient<'a>, Error> {
    let parents = CreateMode::Persistent.with_acls(Acls::anyone_all());
    let options = LockOptions::new(Acls::anyone_all()).with_ancestor_options(parents)?;
    client
        .lock(LockPrefix::new_curator(path, "lock-")?, b"", options)
        .await
}

/// Dropping the lock deletes its node in the background, and tells nobody when. So the node is deleted
/// here, and the lock forgotten, lest it be deleted twice: its path's few bytes stay allocated.
pub async fn release(lock: LockClient<'_>) -> Result<(), Error> {
    lock.client().delete(lock.lock_path(), None).await?;
    std::mem::forget(lock);
    Ok(())
}
