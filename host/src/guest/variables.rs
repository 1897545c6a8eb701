//! `fermyon:spin/variables` and `wasi:config/store`.

use super::Guest;
use super::bindings::fermyon::spin::variables;
use super::bindings::wasi::config::store as config;
use crate::manifest::check_name;

impl variables::Host for Guest {
    fn get(&mut self, name: String) -> Result<String, variables::Error> {
        if let Err(reason) = check_name(&name) {
            return Err(variables::Error::InvalidName(format!("{name:?}: {reason}")));
        }
        let undefined = || variables::Error::Undefined(format!("no variable named {name:?}"));
        self.grants.variables.get(&name).cloned().ok_or_else(undefined)
    }
}

impl config::Host for Guest {
    fn get(&mut self, name: String) -> Result<Option<String>, config::Error> {
        Ok(self.grants.variables.get(&name).cloned())
    }

    fn get_all(&mut self) -> Result<Vec<(String, String)>, config::Error> {
        Ok(self.grants.variables.clone().into_iter().collect())
    }
}
