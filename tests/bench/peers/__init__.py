"""Small programs that do the same job as the product, written as their documentation shows."""
