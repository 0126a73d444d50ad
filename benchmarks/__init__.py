"""Speed, as ratios of figures measured side by side in one run: seconds alone say more of the machine."""
