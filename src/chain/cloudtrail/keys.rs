//! The public keys that digests are signed with.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;

use super::unhex;

/// Why a list of keys cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("not a list of public keys: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the key {0} is not base64")]
    Base64(String),
    #[error("the list of public keys is empty")]
    Empty,
}

/// Public keys, by fingerprint.
#[derive(Clone, Debug, Default)]
pub struct PublicKeys {
    /// PKCS#1 (RFC 8017, A.1.1), DER. One fingerprint may come with several keys where lists contradict each other.
    keys: HashMap<String, Vec<Vec<u8>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    public_key_list: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    value: String,
    fingerprint: String,
}

impl PublicKeys {
    /// Adds what `aws cloudtrail list-public-keys` printed. Every region has keys of its own.
    ///
    /// # Errors
    /// It is no such list, it is empty, or a key in it is not base64.
    pub fn add(&mut self, json: &[u8]) -> Result<(), KeyError> {
        let list: List = serde_json::from_slice(json)?;
        if list.public_key_list.is_empty() {
            return Err(KeyError::Empty);
        }
        for entry in list.public_key_list {
            let Ok(key) = STANDARD.decode(entry.value.trim()) else {
                return Err(KeyError::Base64(entry.fingerprint));
            };
            let print = entry.fingerprint.to_ascii_lowercase();
            let keys = self.keys.entry(print).or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a key of this fingerprint is there.
    pub(super) fn knows(&self, fingerprint: &str) -> bool {
        self.keys.contains_key(&fingerprint.to_ascii_lowercase())
    }

    /// Whether a signature (hex) over `message` was made with the key of this fingerprint: RSA, PKCS#1 v1.5, SHA-256.
    pub(super) fn holds(&self, fingerprint: &str, message: &str, signature: &str) -> bool {
        let Some(signature) = unhex(signature) else {
            return false;
        };
        let keys = self.keys.get(&fingerprint.to_ascii_lowercase());
        keys.into_iter().flatten().any(|key| {
            let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
            key.verify(message.as_bytes(), &signature).is_ok()
        })
    }
}
