//! The interfaces `wasi:keyvalue` and `fermyon:spin/key-value`, on the same stores.

use super::Guest;
use super::bindings::fermyon::spin::key_value as spin;
use super::bindings::wasi::keyvalue::atomics::{self, CasError};
use super::bindings::wasi::keyvalue::batch;
use super::bindings::wasi::keyvalue::store::{self, Error, KeyResponse};
use super::handles::{Bucket, Cas};
use crate::key_value::{Entry, Store, StoreError};
use wasmtime::component::Resource;

impl Guest {
    fn open(&self, label: &str) -> Option<Resource<Bucket>> {
        let place = self.grants.stores.iter().position(|(granted, _)| granted == label)?;
        Some(Resource::new_own(place as u32))
    }

    /// Returns the store of a handle. Handles come only from [`Guest::open`]; guests cannot make
    /// their own.
    fn store(&self, bucket: u32) -> &Store {
        &self.grants.stores[bucket as usize].1
    }

    fn cas(&mut self, cas: &Resource<Cas>) -> Result<&mut Cas, Error> {
        self.table.get_mut(cas).map_err(|error| Error::Other(error.to_string()))
    }

    fn push_cas(&mut self, cas: Cas) -> Result<Resource<Cas>, Error> {
        self.table.push(cas).map_err(|error| Error::Other(error.to_string()))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Other(error.0)
    }
}

impl From<StoreError> for spin::Error {
    fn from(error: StoreError) -> Self {
        Self::Other(error.0)
    }
}

impl store::Host for Guest {
    fn open(&mut self, label: String) -> Result<Resource<Bucket>, Error> {
        Guest::open(self, &label).ok_or(Error::AccessDenied)
    }
}

impl store::HostBucket for Guest {
    fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.store(bucket.rep()).get(&key)?)
    }

    fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.store(bucket.rep()).set(key, value);
        Ok(())
    }

    fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), Error> {
        self.store(bucket.rep()).delete(&key);
        Ok(())
    }

    fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool, Error> {
        Ok(self.store(bucket.rep()).exists(&key))
    }

    fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> Result<KeyResponse, Error> {
        if cursor.is_some() {
            return Err(Error::Other("list_keys: cursor not supported".to_owned()));
        }
        let keys = self.store(bucket.rep()).keys()?;
        Ok(KeyResponse { keys, cursor: None })
    }

    fn drop(&mut self, _: Resource<Bucket>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl batch::Host for Guest {
    fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, Error> {
        let found = self.store(bucket.rep()).get_many(keys)?;
        Ok(found.into_iter().map(|(key, value)| (key, Some(value))).collect())
    }

    fn set_many(&mut self, bucket: Resource<Bucket>, entries: Vec<Entry>) -> Result<(), Error> {
        self.store(bucket.rep()).set_many(entries);
        Ok(())
    }

    fn delete_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Result<(), Error> {
        self.store(bucket.rep()).delete_many(&keys);
        Ok(())
    }
}

impl atomics::Host for Guest {
    fn increment(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        delta: i64,
    ) -> Result<i64, Error> {
        Ok(self.store(bucket.rep()).increment(key, delta)?)
    }

    fn swap(&mut self, cas: Resource<Cas>, value: Vec<u8>) -> Result<(), CasError> {
        let deleted = self.table.delete(cas);
        let mut cas =
            deleted.map_err(|error| CasError::StoreError(Error::Other(error.to_string())))?;
        let store = self.store(cas.bucket);
        if store.swap(&cas.key, cas.seen.as_deref(), value) {
            return Ok(());
        }
        cas.seen = store.get(&cas.key).map_err(|error| CasError::StoreError(error.into()))?;
        let updated = self.push_cas(cas).map_err(CasError::StoreError)?;
        Err(CasError::CasFailed(updated))
    }
}

impl atomics::HostCas for Guest {
    fn new(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Resource<Cas>, Error> {
        self.push_cas(Cas { bucket: bucket.rep(), key, seen: None })
    }

    fn current(&mut self, cas: Resource<Cas>) -> Result<Option<Vec<u8>>, Error> {
        let Cas { bucket, key, .. } = self.cas(&cas)?;
        let (bucket, key) = (*bucket, key.clone());
        let value = self.store(bucket).get(&key)?;
        self.cas(&cas)?.seen.clone_from(&value);
        Ok(value)
    }

    fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        Ok(())
    }
}

impl spin::Host for Guest {}

impl spin::HostStore for Guest {
    fn open(&mut self, label: String) -> Result<Resource<Bucket>, spin::Error> {
        Guest::open(self, &label).ok_or(spin::Error::AccessDenied)
    }

    fn get(
        &mut self,
        store: Resource<Bucket>,
        key: String,
    ) -> Result<Option<Vec<u8>>, spin::Error> {
        Ok(self.store(store.rep()).get(&key)?)
    }

    fn set(
        &mut self,
        store: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), spin::Error> {
        self.store(store.rep()).set(key, value);
        Ok(())
    }

    fn delete(&mut self, store: Resource<Bucket>, key: String) -> Result<(), spin::Error> {
        self.store(store.rep()).delete(&key);
        Ok(())
    }

    fn exists(&mut self, store: Resource<Bucket>, key: String) -> Result<bool, spin::Error> {
        Ok(self.store(store.rep()).exists(&key))
    }

    fn get_keys(&mut self, store: Resource<Bucket>) -> Result<Vec<String>, spin::Error> {
        Ok(self.store(store.rep()).keys()?)
    }

    fn drop(&mut self, _: Resource<Bucket>) -> wasmtime::Result<()> {
        Ok(())
    }
}
