-- When the password was set by its owner, by the machine's clock; 0 for one from before this was kept, and for none.
ALTER TABLE account ADD COLUMN password_at BIGINT NOT NULL DEFAULT 0;
