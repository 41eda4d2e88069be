"""What each store sells, at which price, from which stock: golden records of many entities joined into `terms.<store>`. Pure."""
