UPDATE session SET generation = generation + 1, leaf_hashes = $1, parent_hash = $2, rotated_at = $3,
reissued_at = $3, successor_sealed = $4, idle_expires_at = $5, last_seen = $3, ip = $6
WHERE id = $7 AND generation = $8 AND ended_reason IS NULL
